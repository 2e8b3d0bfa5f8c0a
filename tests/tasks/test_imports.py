"""What importing the tasks costs whoever only enqueues them."""

import subprocess
import sys


def test_importing_the_tasks_brings_in_neither_pillow_nor_boto3():
    code = "import tasks, sys; print(sorted({'PIL', 'boto3', 'botocore', 'flask'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
