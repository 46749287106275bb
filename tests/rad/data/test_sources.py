"""Raw files that are missing, changed or cut short."""

import pytest

from rad.data.sources import MissingFiles, Source, find, resolve_path, unpinned
from rad.domains.scientific import SOURCES
from rad.errors import RadError
from rad.runtime.files import sha256_file


def source(path, **changes):
    facts = {"file": path.name, "size": path.stat().st_size, "sha256": sha256_file(path)}
    words = {"origin": "o", "licence": "l", "instructions": "Fetch it.", "redistribute": "r"}
    return Source(**{**facts, **words, **changes})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "a.txt").write_text("abc")
    return tmp_path


def test_files_are_found_in_the_domain_folder_in_the_folder_itself_and_through_rad_data(folder, monkeypatch):
    path = folder / "toy" / "a.txt"
    assert find("toy", [source(path)], folder) == {"a.txt": path}
    assert find("toy", [source(path)], folder / "toy") == {"a.txt": path}
    monkeypatch.setenv("RAD_DATA", str(folder))
    assert find("toy", [source(path)], None) == {"a.txt": path}


def test_without_a_folder_the_line_says_what_to_fetch_and_where_to_put_it():
    with pytest.raises(RadError) as error:
        find("scientific", SOURCES, None)
    line = str(error.value)
    assert "--data-dir DIR (or set RAD_DATA), where DIR/scientific/ holds Scientific.train.inter" in line
    assert "https://github.com/RUCAIBox/UniSRec" in line and "meta_Industrial_and_Scientific.json.gz" in line
    assert "\n" not in line


def test_all_missing_files_are_named_with_their_instructions(folder, tmp_path):
    have = source(folder / "toy" / "a.txt")
    lack = [source(folder / "toy" / "a.txt", file=name, instructions=f"Get {name}.") for name in ("b.txt", "c.txt")]
    with pytest.raises(RadError, match=r"toy/ lacks b\.txt, c\.txt\. Get b\.txt\. Get c\.txt\.$"):
        find("toy", [have, *lack], folder)
    with pytest.raises(RadError, match=r"nowhere/toy/ lacks a\.txt\. Fetch it\.$"):
        find("toy", [have], tmp_path / "nowhere")


def test_a_changed_file_is_refused_unless_the_change_is_meant(folder):
    path = folder / "toy" / "a.txt"
    before = source(path)
    path.write_text("abd")
    with pytest.raises(RadError) as error:
        find("toy", [before], folder)
    line = str(error.value)
    assert "sha256 differs from the published file (expected ba7816bf8f01, found a52d159f262b)" in line
    assert "fetch it again, or open it as 'toy:changed'" in line and "cut short" not in line
    assert find("toy", [before], folder, changed=True) == {"a.txt": path}


def test_a_shorter_file_is_said_to_be_cut_short(folder):
    path = folder / "toy" / "a.txt"
    before = source(path)
    path.write_text("ab")
    with pytest.raises(RadError, match="2 of 3 bytes, so it may be cut short"):
        find("toy", [before], folder)


def test_a_folder_may_have_the_name_that_the_publisher_gives_it(folder):
    path = folder / "toy" / "a.txt"
    assert find("other", [source(path)], folder, folder="toy") == {"a.txt": path}
    (folder / "other").mkdir()  # a folder of the domain's own name that holds other files
    assert find("other", [source(path)], folder, folder="toy") == {"a.txt": path}
    (folder / "other" / "a.txt").write_bytes(path.read_bytes())
    assert find("other", [source(path)], folder, folder="toy") == {"a.txt": folder / "other" / "a.txt"}


def test_a_file_without_a_known_hash_is_taken_as_it_is_and_counted(folder):
    path = folder / "toy" / "a.txt"
    unknown = source(path, size=None, sha256=None)
    assert find("toy", [unknown], folder) == {"a.txt": path}
    assert list(unpinned([unknown, source(path)]).values()) == [1] and unpinned([source(path)]) == {}


def test_a_packed_copy_stands_in_for_a_file_without_a_known_hash(folder):
    plain = folder / "toy" / "a.txt"
    unpinned_source, pinned_source = source(plain, size=None, sha256=None), source(plain)
    packed = plain.rename(plain.with_name("a.txt.gz"))
    assert find("toy", [unpinned_source], folder) == {"a.txt": packed}
    with pytest.raises(MissingFiles, match=r"lacks a\.txt"):
        find("toy", [pinned_source], folder)


def test_a_place_is_a_path_or_a_name_in_the_data_dir(folder, monkeypatch):
    assert resolve_path("x", str(folder / "toy"), None) == resolve_path("x", "toy", folder) == folder / "toy"
    with pytest.raises(MissingFiles, match=r"^x: no such file or folder: gone or .*/gone$"):
        resolve_path("x", "gone", folder)
    monkeypatch.setenv("RAD_DATA", str(folder))
    assert resolve_path("x", "toy/a.txt", None) == folder / "toy" / "a.txt"
