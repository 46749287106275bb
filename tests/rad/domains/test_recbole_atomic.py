"""RecBole atomic files and the sequences behind leave-one-out preparations."""

import pytest

from rad.domains.formats.recbole_atomic import leave_one_out, read_atomic, read_index
from rad.errors import RadError


def test_columns_are_found_by_name_in_any_order(tmp_path):
    path = tmp_path / "x.inter"
    path.write_text("item_id:token\trating:float\tuser_id:token\ni1\t4.0\tu1\n")
    assert list(read_atomic(path, ("user_id", "item_id"))) == [(2, ("u1", "i1"))]


def test_index(tmp_path):
    path = tmp_path / "x.item2index"
    path.write_text("A\t0\nB\t1\n")
    assert read_index(path) == {"0": "A", "1": "B"}


def split_files(tmp_path, sequence, window, ascending=False):
    """The three files of one user whose histories are cut to the last ``window`` items."""
    rows = [f"u\t{' '.join(sequence[max(0, n - window) : n])}\t{sequence[n]}\n" for n in range(1, len(sequence))]
    train = rows[:-2] if ascending else rows[:-2][::-1]
    files = {}
    for name, lines in (("train", train), ("valid", rows[-2:-1]), ("test", rows[-1:])):
        files[name] = tmp_path / f"x.{name}.inter"
        files[name].write_text("user_id:token\titem_id_list:token_seq\titem_id:token\n" + "".join(lines))
    return files


@pytest.mark.parametrize("length", [2, 3, 4, 9])
def test_sequences_longer_than_the_window_are_put_back_together(tmp_path, length):
    sequence = tuple("abcaebcdf"[:length])  # repeats included
    assert leave_one_out(split_files(tmp_path, sequence, window=3)) == {"u": sequence}


def test_training_rows_may_be_in_rising_order_when_nothing_was_cut(tmp_path):
    assert leave_one_out(split_files(tmp_path, "abcdef", window=50, ascending=True)) == {"u": tuple("abcdef")}


def test_a_row_twice_is_refused(tmp_path):
    files = split_files(tmp_path, "abcdef", window=50)
    lines = files["train"].read_text().splitlines(keepends=True)
    files["train"].write_text("".join([*lines, lines[1]]))
    with pytest.raises(RadError, match=r"train\.inter:5: user u's rows do not fit together"):
        leave_one_out(files)
