"""A foreign XDS.b client (IPF, in Java) drives the registry and repository, and its validators judge every answer."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "foreign"
EXPECTED = {
    "ITI-41 set, folder, document": ("SUCCESS", "[]", ""),
    "FindDocuments": ("SUCCESS", "[]", "entries=1 sets=0 folders=0 links=0 refs=0"),
    "FindDocuments ObjectRef": ("SUCCESS", "[]", "entries=0 sets=0 folders=0 links=0 refs=1"),
    "ITI-43": ("SUCCESS", "[]", "true true"),
    "ITI-43 partial": ("PARTIAL_SUCCESS", "[DOCUMENT_UNIQUE_ID_ERROR]", "1"),
    "ITI-41 replacement": ("SUCCESS", "[]", ""),
    "FindDocuments deprecated": ("SUCCESS", "[]", "entries=1 sets=0 folders=0 links=0 refs=0"),
    "FindDocuments approved": ("SUCCESS", "[]", "entries=1 sets=0 folders=0 links=0 refs=0"),
    "ITI-42": ("SUCCESS", "[]", ""),
    "FindSubmissionSets": ("SUCCESS", "[]", "entries=0 sets=3 folders=0 links=0 refs=0"),
    "FindFolders": ("SUCCESS", "[]", "entries=0 sets=0 folders=1 links=0 refs=0"),
    "GetAll": ("SUCCESS", "[]", "entries=3 sets=3 folders=1 links=8 refs=0"),
    "GetDocuments": ("SUCCESS", "[]", "entries=2 sets=0 folders=0 links=0 refs=0"),
    "GetFolders": ("SUCCESS", "[]", "entries=0 sets=0 folders=1 links=0 refs=0"),
    "GetAssociations": ("SUCCESS", "[]", "entries=0 sets=0 folders=0 links=3 refs=0"),
    "GetDocumentsAndAssociations": ("SUCCESS", "[]", "entries=1 sets=0 folders=0 links=3 refs=0"),
    "GetSubmissionSets": ("SUCCESS", "[]", "entries=0 sets=1 folders=0 links=1 refs=0"),
    "GetSubmissionSetAndContents": ("SUCCESS", "[]", "entries=1 sets=1 folders=1 links=4 refs=0"),
    "GetFolderAndContents": ("SUCCESS", "[]", "entries=2 sets=0 folders=1 links=2 refs=0"),
    "GetFoldersForDocument": ("SUCCESS", "[]", "entries=0 sets=0 folders=1 links=0 refs=0"),
    "GetRelatedDocuments": ("SUCCESS", "[]", "entries=2 sets=0 folders=0 links=1 refs=0"),
    "ITI-57": ("SUCCESS", "[]", ""),
    "FindDocuments after ITI-57": ("SUCCESS", "[]", "entries=2 sets=0 folders=0 links=0 refs=0"),
    "ITI-57 stale": ("FAILURE", "[METADATA_VERSION_ERROR]", ""),
    "FindDocuments without status": (
        "FAILURE",
        "[STORED_QUERY_MISSING_PARAM]",
        "entries=0 sets=0 folders=0 links=0 refs=0",
    ),
}


@pytest.fixture(scope="module")
def class_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The compiled client and its libraries; skips when they are not on this machine."""
    if not all(map(shutil.which, ("java", "javac", "mvn"))):
        pytest.skip("no Java or Maven here")
    folder = tmp_path_factory.mktemp("ipf")
    command = ["mvn", "-o", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:build-classpath"]
    listed = folder / "cp.txt"
    done = subprocess.run([*command, f"-Dmdep.outputFile={listed}"], check=False, capture_output=True, timeout=120)
    if done.returncode:
        pytest.skip("IPF is not in the local Maven repository: docs/ihe-profile.md tells how to get it")
    libraries = listed.read_text().strip()
    subprocess.run(
        ["javac", "-cp", libraries, "-d", str(folder), str(HERE / "Witness.java")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return f"{folder}:{libraries}"


def test_every_transaction_of_a_foreign_client_is_served_as_it_validates(site, class_path: str) -> None:
    names = ("iti18", "iti41", "iti42", "iti43", "iti57")
    urls = [site.facts["endpoints"][name].removeprefix("http://") for name in names]
    done = subprocess.run(
        ["java", "-Xmx256m", "-cp", class_path, "Witness", *urls, site.repository],
        check=False, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    assert {name: tuple(rest) for name, *rest in lines} == EXPECTED
