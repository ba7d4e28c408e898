"""What the scripts of checks share: how a check fails, runs other programs and
is reported. A check is a function of what is asked; its name says the claim."""

import shlex
import subprocess
import sys

PATIENCE = 600  # seconds for one client or answer


class Failed(Exception):
    pass


def expect(condition, words):
    if not condition:
        raise Failed(words)


def run(*command):
    return spoken(*command)[0]


def spoken(*command):
    """Standard output and standard error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise Failed(f"{shlex.join(command)}: exit code {done.returncode}\n{done.stderr.strip()}")
    return done.stdout, done.stderr


def report(checks, asked, passed="checks passed"):
    """Makes every check, a line for each, and ends the program: 1 if one failed."""
    failures = 0
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            print(f"ok      {name}: {check(asked)}", flush=True)
        # Whatever a client raises is a failed check, and the others still run.
        except Exception as failure:
            failures += 1
            words = str(failure) if isinstance(failure, Failed) else repr(failure)
            print(f"FAILED  {name}: {words}", flush=True)
    print(f"{len(checks) - failures} of {len(checks)} {passed}")
    sys.exit(1 if failures else 0)
