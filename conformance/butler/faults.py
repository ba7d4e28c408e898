"""`obstap follow` is killed at random points while a real Butler repository is
changed, started twice by mistake, and (on PostgreSQL) loses its server. At the
end the table is what the Butler says, and `obstap obscore verify` is clean.

    faults.py OBSTAP [--butler sqlite|postgresql] [--kills 100] [--seed N]
"""

import argparse
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from follow import Scene
from repository import CAMERA, RAW_RUN, VISIT_RUN, Repository
from servers import Archive, Failed, Place, Postgres, expect


class Changes:
    """One random change after the other, until told to stop."""

    def __init__(self, scene, chance):
        self.scene, self.chance = scene, chance
        self.waiting, self.visits = [], []
        self.done = 0

    def one(self):
        repository = self.scene.repository
        kinds = [self.observe, self.define, self.reduce, self.move, self.remove, self.unstore]
        self.chance.choice(kinds)(repository)
        self.done += 1

    def observe(self, repository):
        self.waiting += repository.observe(1)

    def define(self, repository):
        repository.define_visits(self.waiting)
        self.visits += self.waiting
        self.waiting = []

    def reduce(self, repository):
        taken = {ref.dataId["visit"] for ref in repository.refs("calexp", VISIT_RUN)} if self.visits else set()
        repository.reduce([visit for visit in self.visits if visit not in taken][:2])

    def move(self, repository):
        if self.visits:
            repository.move(self.chance.choice(self.visits), self.chance.uniform(-0.2, 0.2))

    def remove(self, repository):
        refs = repository.refs("raw", RAW_RUN, instrument=CAMERA) if self.visits else []
        if len(refs) > 40:
            repository.butler.pruneDatasets(
                self.chance.sample(refs, 3), disassociate=True, unstore=True, purge=True)

    def unstore(self, repository):
        if self.visits and (refs := repository.refs("calexp", VISIT_RUN)):
            repository.butler.pruneDatasets([refs[0]], disassociate=False, unstore=True, purge=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("obstap")
    parser.add_argument("--butler", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with Place(options.obstap) as place:
        database = ours = postgres = None
        if options.butler == "postgresql":
            postgres = Postgres(place)
            database, ours = postgres.fresh(), postgres.fresh()
            postgres.psql("CREATE EXTENSION btree_gist", database.rsplit("/", 1)[1])
        repository = Repository(place.folder("repository"), database)
        scene = Scene(place, options, repository, Archive(place, "service", ours))
        place.started.append(scene)
        scene.attach()
        changes, over, failed = Changes(scene, chance), threading.Event(), []

        def change():
            try:
                while not over.is_set():
                    changes.one()
            except Exception as error:  # Told to the thread that waits.
                failed.append(error)

        changing = threading.Thread(target=change)
        changing.start()
        for _ in range(options.kills):
            scene.start()
            time.sleep(chance.uniform(0.05, 0.7))
            expect(scene.follower.poll() is None, f"it ended by itself: {scene.words()}")
            scene.follower.kill()
            scene.follower.wait()
        print(f"killed {options.kills} times during {changes.done} changes", flush=True)

        # Two managers by mistake: the second waits or leaves, and does no harm.
        scene.start()
        first = scene.follower
        scene.start()
        time.sleep(5)
        second, scene.follower = scene.follower, first
        second.kill()
        second.wait()
        print("two at once", flush=True)
        over.set()
        changing.join()
        expect(not failed, f"a change failed: {failed}")
        if postgres:
            repository.close()
            postgres.restart_at_once()
            from lsst.daf.butler import Butler

            repository.butler = Butler.from_config(str(repository.folder), writeable=True)
            repository.observe(1)
        scene.settle()
        scene.verified()
        scene.stop()
        print(f"true after {changes.done} changes", flush=True)
        repository.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"faults.py: {failed}")
