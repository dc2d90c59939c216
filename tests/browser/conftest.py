"""A host with the patient's site, and Debian's Chromium without a screen."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "host_sim")]

from site_parts import Site, end_site, make_site  # noqa: E402

from card_sim.authority import Authority  # noqa: E402


@pytest.fixture
def site(authority_dir: Path, tmp_path: Path) -> Iterator[Site]:
    made = make_site(Authority.open(authority_dir), tmp_path)
    yield made
    end_site(made)


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Any]:
    """A browser with a profile of its own; skips when Chromium, its driver or selenium is missing."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for each in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--lang=fr",
        f"--user-data-dir={tmp_path / 'chromium'}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(each)
    # Chromium keeps reports and settings in the home directory, whatever its profile is.
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver, env=home))
    yield browser
    browser.quit()
