"""Of several processes one makes a thing while the others wait; one that is killed lets go."""

from __future__ import annotations

import subprocess
import sys

from rad.runtime.locks import alone

HOLDS = "import sys, time\nfrom pathlib import Path\nfrom rad.runtime.locks import alone\n"
HOLDS += "with alone(Path(sys.argv[1])):\n    print('holds', flush=True)\n    time.sleep(60)\n"
ASKS = "import sys\nfrom pathlib import Path\nfrom rad.runtime.locks import alone\n"
ASKS += "with alone(Path(sys.argv[1])):\n    print('holds', flush=True)\n"


def test_others_wait_until_the_holder_is_killed(tmp_path):
    path = tmp_path / "new" / "thing"
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "holds\n"
        with subprocess.Popen([sys.executable, "-c", ASKS, str(path)], stdout=subprocess.PIPE, text=True) as other:
            try:
                other.wait(1)
                raise AssertionError("it did not wait")
            except subprocess.TimeoutExpired:
                pass
            holder.kill()
            assert other.communicate(timeout=60)[0] == "holds\n"
    with alone(path):
        assert not path.exists()
