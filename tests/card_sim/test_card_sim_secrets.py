"""PIN and PUK: status, countdown, block, unblock, change."""

import pytest

STATUS, VERIFY, WRONG = "00200001", "002000010431323334", "002000010439393939"
PUK = "0020000208" + b"87654321".hex()
WRONG_PUK = "0020000208" + b"00000000".hex()
ACTIVITY = "00A40904063F000001D120"


def block(host) -> None:
    for _ in range(3):
        host.status(WRONG)


def test_the_status_of_an_unused_pin_says_three_tries(host):
    assert host.raw(STATUS) == "63C3"
    assert host.raw("0020000100") == "63C3"


def test_asking_the_status_costs_no_try(host):
    for _ in range(10):
        host.raw(STATUS)
    assert host.raw(STATUS) == "63C3"


def test_the_right_pin_opens_the_card(host):
    assert host.raw(VERIFY) == "9000"
    assert host.raw(STATUS) == "9000"


def test_wrong_pins_count_down_then_block(host):
    assert [host.raw(WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert host.raw(VERIFY) == "6983"
    assert host.raw(STATUS) == "6983"


def test_the_right_pin_restores_the_counter(host):
    host.raw(WRONG)
    host.raw(VERIFY)
    host.card.reset()
    assert host.raw(STATUS) == "63C3"


def test_a_wrong_pin_closes_an_open_card(host):
    host.raw(VERIFY)
    host.raw(WRONG)
    assert host.raw(STATUS) == "63C2"


def test_a_reset_closes_the_card_and_keeps_the_counter(host):
    host.raw(WRONG)
    host.raw(VERIFY)
    host.raw(WRONG)
    host.card.power(False)
    host.card.power(True)
    assert host.raw(STATUS) == "63C2"


def test_a_pin_padded_with_ff_is_the_same_pin(host):
    assert host.raw("0020000108" + b"1234".hex() + "FFFFFFFF") == "9000"


def test_the_pin_is_the_one_of_the_professional(host_of):
    nurse = host_of("infirmiere")
    assert nurse.raw(VERIFY) == "63C2"
    assert nurse.raw("0020000104" + b"2580".hex()) == "9000"


def test_a_code_that_does_not_exist_is_said_missing(host):
    assert host.raw("0020000704" + b"1234".hex()) == "6A88"


def test_the_puk_then_a_new_pin_unblock_the_card(host):
    block(host)
    assert host.raw(PUK) == "9000"
    assert host.raw("002C020104" + b"4321".hex()) == "9000"
    assert host.raw(STATUS) == "63C3"
    assert host.raw("0020000104" + b"4321".hex()) == "9000"


def test_one_command_with_both_codes_unblocks_the_card(host):
    block(host)
    assert host.raw("002C00010C" + b"87654321".hex() + b"4321".hex()) == "9000"
    assert host.raw("0020000104" + b"4321".hex()) == "9000"


def test_the_counter_alone_can_be_restored(host):
    block(host)
    host.raw(PUK)
    assert host.raw("002C0301") == "9000"
    assert host.raw(VERIFY) == "9000"


def test_nothing_is_unblocked_without_the_puk(host):
    block(host)
    assert host.raw("002C020104" + b"4321".hex()) == "6982"
    assert host.raw("002C00010C" + b"00000000".hex() + b"4321".hex()) == "63C4"
    assert host.raw(STATUS) == "6983"


def test_five_wrong_puks_block_the_card_for_good(host):
    block(host)
    assert [host.raw(WRONG_PUK) for _ in range(5)] == ["63C4", "63C3", "63C2", "63C1", "63C0"]
    assert host.raw(PUK) == "6983"


def test_the_pin_changes_with_the_old_one(host):
    assert host.raw("0024000108" + b"1234".hex() + b"4321".hex()) == "9000"
    host.card.reset()
    assert host.raw(VERIFY) == "63C2"
    assert host.raw("0020000104" + b"4321".hex()) == "9000"


def test_a_change_with_a_wrong_old_pin_costs_a_try_and_changes_nothing(host):
    assert host.raw("0024000108" + b"9999".hex() + b"4321".hex()) == "63C2"
    assert host.raw(VERIFY) == "9000"


def test_a_new_pin_of_another_shape_is_refused_before_a_try_is_spent(host):
    assert host.raw("0024000106" + b"123".hex() + b"432".hex()) == "6A80"
    assert host.raw("0024000108" + b"1234".hex() + b"abcd".hex()) == "6A80"
    assert host.raw("0024000107" + b"1234432".hex()) == "6700"
    assert host.raw(STATUS) == "63C3"


def test_a_card_may_have_a_pin_of_eight_digits(host_of):
    student = host_of("interne")
    codes = student.read_file("3F0000017001")
    assert b"\x02\x01\x08\x02\x01\x08\x02\x01\x08\x80\x01\x01" in codes
    assert student.raw("0020000104" + b"7351".hex()) == "63C2"
    assert student.raw("0020000108" + b"73519264".hex()) == "9000"
    assert student.raw("0024000110" + b"73519264".hex() + b"11112222".hex()) == "9000"
    assert student.raw("0024000108" + b"1111".hex() + b"3333".hex()) == "6A80"


def test_the_sizes_of_a_pin_of_eight_digits_are_told(host_of):
    student = host_of("interne")
    answer = student.ok("00CB3FFF0B4D097007BF8101037F4180")
    assert answer.hex().upper().endswith("7F4106" + "800108" + "810108")


def test_other_parameters_are_refused_before_a_try_is_spent(host):
    assert host.raw("0020010104" + b"9999".hex()) == "6A86"
    assert host.raw("0024010108" + b"9999".hex() + b"4321".hex()) == "6A86"
    assert host.raw("002C010104" + b"4321".hex()) == "6A86"
    assert host.raw(STATUS) == "63C3"


def test_a_new_pin_is_given_when_the_command_says_so_and_only_then(host):
    host.raw(PUK)
    assert host.raw("002C0201") == "6700"
    assert host.raw("002C030104" + b"4321".hex()) == "6700"
    assert host.raw("002C0302") == "6985"


def test_the_counters_can_be_set(host):
    host.card.card.set_tries(pin=1, puk=2)
    assert host.raw(STATUS) == "63C1"
    assert host.raw("00200002") == "63C2"
    host.card.card.set_tries(pin=0)
    assert host.raw(VERIFY) == "6983"
    assert host.raw("00200002") == "63C2"
    host.card.card.set_tries(pin=3)
    assert host.raw(VERIFY) == "9000"


def test_setting_a_counter_lower_closes_the_card_as_a_wrong_code_does(host):
    host.raw(VERIFY)
    host.card.card.set_tries(pin=2)
    assert host.raw(STATUS) == "63C2"


@pytest.mark.parametrize("tries", [{"pin": 4}, {"pin": -1}, {"puk": 6}])
def test_no_counter_goes_beyond_what_the_card_allows(host, tries):
    with pytest.raises(ValueError, match=str(*tries.values())):
        host.card.card.set_tries(**tries)
