"""The second road to the same table: what ObsCore should hold of a repository,
by the real Butler's own record factory on what its registry says now. No code
of ours but the few lines of `corrected`, which undo what the Butler's own table
is known to get wrong.
"""

import json
import math
import sqlite3
import subprocess
import urllib.parse

from servers import expect

from lsst.daf.butler import Butler


def files_of(repository):
    """Sizes of the files of each dataset, by the datastore's table."""
    sql = "SELECT dataset_id, sum(file_size) FROM {}file_datastore_records GROUP BY 1"
    if repository.database:
        import psycopg

        prefix = f"{repository.namespace}." if repository.namespace else ""
        with psycopg.connect(repository.database) as connection:
            rows = connection.execute(sql.format(prefix)).fetchall()
    else:
        path = urllib.parse.quote(str(repository.folder / "gen3.sqlite3"))
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = connection.execute(sql.format("")).fetchall()
        connection.close()
    # PostgreSQL gives sums as decimals, whose // does not round down.
    return {str(id).replace("-", ""): int(size) for id, size in rows}


def expected(repository, tagged=None):
    """Rows by the hexadecimal digits of the dataset's UUID. `tagged`: those of
    this collection, instead of the runs that the configuration names."""
    butler = Butler.from_config(str(repository.folder))
    try:
        manager = butler.registry.obsCoreTableManager
        sizes = files_of(repository)
        rows = {}
        runs = [run for run in butler.collections.query("*") if butler.collections.get_info(run).type.name == "RUN"]
        for name in manager.config.dataset_types:
            if tagged:
                found = butler.registry.queryDatasets(name, collections=tagged) if has(butler, tagged) else []
            else:
                taken = [run for run in runs if manager._check_dataset_run(run)]
                found = [
                    ref for run in taken
                    for ref in butler.registry.queryDatasets(name, collections=run)
                ]
            for ref in found:
                key = ref.id.hex
                if key not in sizes:
                    continue  # Its link would lead to no file.
                ref = ref.expanded(butler.registry.expandDataId(ref.dataId))
                record = manager.record_factory(ref)
                rows[key] = corrected(record, sizes[key])
        return rows
    finally:
        butler.close()


def has(butler, collection):
    return collection in butler.collections.query("*")


def corrected(record, size):
    record = {name: value for name, value in record.items() if name != "registry_dataset_id"}
    # The column is in units of 1000 bytes; they leave it out.
    record["access_estsize"] = -(-size // 1000)
    return record


def ours(command, table="ivoa.obscore"):
    """All rows of a table of obstap, by the UUID in obs_publisher_did."""
    done = subprocess.run(
        [*command, "query", f"SELECT * FROM {table}", "--format", "json", "--maxrec", "10000000"],
        capture_output=True, text=True, check=False,
    )
    expect(done.returncode == 0, f"obstap query: {done.stderr}")
    return {row["obs_publisher_did"].rsplit("=", 1)[1].replace("-", ""): row for row in json.loads(done.stdout)}


def differences(found, wanted):
    """Sentences, the first few."""
    said = [f"{key}: missing ({wanted[key]['obs_id']})" for key in sorted(set(wanted) - set(found))]
    said += [f"{key}: should not be there ({found[key]['obs_id']})" for key in sorted(set(found) - set(wanted))]
    for key in sorted(set(found) & set(wanted)):
        row, right = found[key], wanted[key]
        said += [
            f"{key}: {name} is {row.get(name)!r}, should be {value!r}"
            for name, value in right.items() if not alike(name, row.get(name), value)
        ]
    return said


def alike(name, ours, theirs):
    if name == "s_region" and ours is not None and theirs is not None:
        # Theirs has six decimals.
        return same_corners(numbers(ours), numbers(theirs))
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-9)
    return ours == theirs


def numbers(region):
    if isinstance(region, list):
        return region
    return [float(word) for word in region.split() if word[0] in "-+.0123456789"]


def same_corners(a, b):
    def near(x, y):
        lon = abs(x[0] - y[0]) % 360
        return min(lon, 360 - lon) * math.cos(math.radians(x[1])) < 2e-6 and abs(x[1] - y[1]) < 2e-6

    a, b = list(zip(a[::2], a[1::2])), list(zip(b[::2], b[1::2]))
    if len(a) != len(b):
        return False
    return any(all(near(a[i - turn], b[i]) for i in range(len(b))) for turn in range(len(b)))
