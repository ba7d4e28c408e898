"""A real Butler repository is changed in every way while `obstap follow` runs;
after each step the table is compared with what the Butler itself says
(`truth.py`), and `obstap obscore verify` is to be clean.

    follow.py OBSTAP [--butler sqlite|postgresql] [--triggers] [--only STEP …]
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lsst.daf.butler import CollectionType
from repository import COADD_RUN, PRIVATE_RUN, RAW_RUN, VISIT_RUN, Repository
from servers import Archive, Failed, Place, Postgres, expect, until
import truth

TAG, TAGGED_TABLE = "TestCam/best", "ivoa.best"
STEPS = {}


def step(function):
    STEPS[function.__name__.replace("_", "-")] = function
    return function


@step
def raws_come(scene):
    scene.exposures = scene.repository.observe(6)


@step
def visits_are_defined_later(scene):
    scene.repository.define_visits(scene.exposures[:4])


@step
def visits_are_reduced(scene):
    scene.repository.reduce(scene.exposures[:4])
    scene.repository.coadd(0, range(5))


@step
def others_have_runs_of_their_own(scene):
    scene.repository.reduce(scene.exposures[:1], PRIVATE_RUN)


@step
def regions_move(scene):
    scene.repository.move(scene.exposures[0])
    scene.repository.move(scene.exposures[1], -0.1)


@step
def a_second_run_has_the_same_data_ids(scene):
    scene.repository.reduce(scene.exposures[:1], "TestCam/runs/b")


@step
def some_are_tagged(scene):
    butler = scene.repository.butler
    butler.collections.register(TAG, CollectionType.TAGGED)
    refs = scene.repository.refs("calexp", VISIT_RUN)
    butler.registry.associate(TAG, refs[:7])


@step
def some_are_tagged_no_more(scene):
    refs = scene.repository.refs("calexp", VISIT_RUN)
    scene.repository.butler.registry.disassociate(TAG, refs[:3])


@step
def the_tag_is_removed(scene):
    scene.repository.butler.registry.removeCollection(TAG)


@step
def registered_before_it_is_stored(scene):
    repository = scene.repository
    numbers = repository.observe(1, stored=False)
    scene.settle()
    repository.define_visits(numbers)
    scene.exposures += numbers


@step
def files_are_thrown_away(scene):
    refs = scene.repository.refs("calexp", VISIT_RUN)
    scene.repository.butler.pruneDatasets(refs[-2:], disassociate=False, unstore=True, purge=False)


@step
def datasets_are_removed(scene):
    refs = scene.repository.refs("raw", RAW_RUN)
    scene.repository.butler.pruneDatasets(refs[:3], disassociate=True, unstore=True, purge=True)


@step
def a_run_is_removed(scene):
    scene.repository.butler.removeRuns(["TestCam/runs/b"], unstore=True)


@step
def datasets_are_transferred(scene):
    other = Repository(scene.place.folder("other"), seed=2)
    try:
        other.next_exposure = 1000
        numbers = other.observe(2)
        other.define_visits(numbers)
        refs = other.refs("raw", RAW_RUN)
        scene.repository.butler.transfer_from(
            other.butler, refs, transfer="copy", register_dataset_types=True, transfer_dimensions=True)
    finally:
        other.close()


@step
def a_transaction_is_held_open(scene):
    """What was written first is committed last, while others come and go."""
    if scene.repository.database is None:
        return  # One writer at a time: there is nobody to overtake.
    from lsst.daf.butler import Butler

    begun, end = threading.Event(), threading.Event()
    failed = []

    def slow():
        try:
            butler = Butler.from_config(str(scene.repository.folder), writeable=True)
            late = [{"skymap": "rings", "tract": 1, "patch": patch, "band": "g"} for patch in range(3)]
            with butler.transaction():
                for data_id in late:
                    butler.put({"late": True}, "coadd", data_id, run=COADD_RUN)
                begun.set()
                end.wait(60)
            butler.close()
        except Exception as error:  # It is told to the thread that waits.
            failed.append(error)
            begun.set()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(60)
    for patch in range(4):
        scene.repository.coadd(1, [patch], band="r")
        scene.settle()
    end.set()
    thread.join()
    expect(not failed, f"the slow transaction: {failed}")


class Scene:
    def __init__(self, place, options, repository, archive):
        self.place, self.repository, self.archive = place, repository, archive
        self.options = options
        self.exposures = []
        self.command = [str(Path(place.obstap)), "--database-url", archive.database_url,
                        "--data-dir", str(archive.folder / "data")]
        self.follower = None

    def obstap(self, *arguments):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"obstap {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def attach(self):
        root = str(self.repository.folder)
        self.obstap("butler", "attach", root, "--label", "test")
        tagged = self.archive.folder / "tagged.yaml"
        from repository import CONFIGURATION

        tagged.write_text(CONFIGURATION.replace("collection_type: RUN", "collection_type: TAGGED").replace(
            '["TestCam/raw/.*", "TestCam/runs/.*"]', f'["{TAG}"]'))
        self.obstap("butler", "attach", root, "--label", "test", "--table", TAGGED_TABLE,
                    "--config", str(tagged))
        self.obstap("sync", "test")

    def start(self):
        log = (self.archive.folder / "follow.log").open("a")
        self.follower = subprocess.Popen(
            [*self.command, "follow", "test", "--interval", "0.2", "--sweep", "1"], stdout=log, stderr=log)

    def stop(self):
        if self.follower and self.follower.poll() is None:
            self.follower.terminate()
            self.follower.wait(30)

    def faults(self):
        found = truth.differences(truth.ours(self.command), truth.expected(self.repository))
        found += [f"{TAGGED_TABLE} {fault}" for fault in truth.differences(
            truth.ours(self.command, TAGGED_TABLE), truth.expected(self.repository, TAG))]
        return found

    def settle(self):
        """Waits until the table is what it should be."""
        found = []

        def is_true():
            expect(self.follower.poll() is None, f"it follows no more: {self.words()}")
            found[:] = self.faults()
            return not found

        try:
            until("the table is true", is_true, 40, 0.3)
        except Failed as failed:
            raise Failed(f"{failed}\n" + "\n".join(found[:12]) + f"\n{self.words()}") from None

    def words(self):
        return "\n".join((self.archive.folder / "follow.log").read_text().splitlines()[-12:])

    def verified(self):
        report = self.obstap("obscore", "verify", "--format", "json")
        json.loads(report)

    def end(self):
        if self.follower and self.follower.poll() is None:
            self.follower.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("obstap")
    parser.add_argument("--butler", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--triggers", action="store_true")
    parser.add_argument("--only", nargs="*", help="steps; those before them are done too, unseen")
    options = parser.parse_args()
    with Place(options.obstap) as place:
        database = ours = None
        if options.butler == "postgresql":
            postgres = Postgres(place)
            database, ours = postgres.fresh(), postgres.fresh()
            postgres.psql("CREATE EXTENSION btree_gist", database.rsplit("/", 1)[1])
            postgres.psql("CREATE SCHEMA archive", database.rsplit("/", 1)[1])
        repository = Repository(place.folder("repository"), database, database and "archive")
        scene = Scene(place, options, repository, Archive(place, "service", ours))
        place.started.append(scene)
        scene.attach()
        if options.triggers:
            sql = scene.obstap("butler", "triggers", str(repository.folder))
            postgres.psql(sql, database.rsplit("/", 1)[1])
        scene.start()
        for name, act in STEPS.items():
            begun = time.monotonic()
            act(scene)
            acted = time.monotonic()
            scene.settle()
            scene.verified()
            print(f"{name}: done in {acted - begun:.1f} s, true {time.monotonic() - acted:.1f} s later", flush=True)
        scene.stop()
        repository.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"follow.py: {failed}")
