"""The structure of the packages: what ``CONTRIBUTING.md`` promises of folders, files, functions and imports."""

from tests.support import house


def test_no_modules_import_each_other_in_a_circle():
    assert house.circles(house.sources()) == []


def test_no_folder_is_crowded():
    assert house.crowded_folders() == []


def test_files_and_functions_are_short():
    modules = house.sources()
    lines = {name: path.read_text(encoding="utf-8").count("\n") for name, path in modules.items()}
    assert {name: n for name, n in lines.items() if n > house.LONGEST_FILE} == {}
    assert house.long_functions(modules) == []


def test_a_circle_is_found_wherever_the_import_stands(tmp_path):
    package = tmp_path / "rad"
    package.mkdir()
    (package / "one.py").write_text("from rad import two\n")
    (package / "two.py").write_text("def late():\n    from rad.three import x\n")
    (package / "three.py").write_text("from typing import TYPE_CHECKING\nimport rad.one\n")
    (package / "four.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rad.five\n")
    (package / "five.py").write_text("import rad.four\n")
    assert house.circles(house.sources(tmp_path)) == [["rad.one", "rad.three", "rad.two"]]
