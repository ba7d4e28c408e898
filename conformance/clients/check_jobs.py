"""Runs queries as jobs against a running demo, with the users' own clients.

    check_jobs.py URL

URL is the address of the TAP service (…/tap). Every line says ok or FAILED;
the exit code is 1 if one failed. conformance/README.md says which claim each
check is for.
"""

import argparse
import datetime
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pyvo

from checks import PATIENCE, expect, report, run, spoken

QUERY = "SELECT TOP 50 obs_id, s_ra, t_min FROM ivoa.obscore ORDER BY obs_publisher_did"
WRONG = "SELECT TOP 50 obs_idd FROM ivoa.obscore"
# Pairs of rows without a condition that an index could use.
ENDLESS = (
    "SELECT COUNT(*) FROM ivoa.obscore AS a, ivoa.obscore AS b "
    "WHERE a.s_ra + b.s_ra > 100 OR a.t_min - b.t_min < 3"
)


def is_gone(url):
    try:
        urllib.request.urlopen(url, timeout=PATIENCE).close()
    except urllib.error.HTTPError as error:
        return error.code == 404
    return False


def until(what, is_so):
    started = time.monotonic()
    while not is_so():
        expect(time.monotonic() - started < 60, f"never: {what}")
        time.sleep(0.1)


def run_async_answers_as_run_sync(service):
    now, later = service.run_sync(QUERY), service.run_async(QUERY)
    for name in ("obs_id", "s_ra", "t_min"):
        expect(list(now[name]) == list(later[name]), f"{name} differs")
    expect(len(later) == 50, f"{len(later)} rows")
    return f"{len(later)} rows"


def a_job_is_looked_after(service):
    job = service.submit_job(WRONG, maxrec=10, runid="check")
    expect(job.phase == "PENDING", job.phase)
    expect(job.uws_version == "1.1", job.uws_version)
    expect(job.query == WRONG, job.query)
    job.query = QUERY
    expect(job.query == QUERY, job.query)
    job.execution_duration = 77
    expect(job.execution_duration.sec == 77, str(job.execution_duration))
    wanted = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=5)
    job.destruction = wanted
    seconds = (job.destruction.to_datetime(datetime.UTC) - wanted).total_seconds()
    expect(abs(seconds) < 2, f"destruction is {seconds} s off")
    expect(job.quote is not None and job.owner is None, f"{job.quote} {job.owner}")
    expect(job.job.runid == "check", job.job.runid)
    job.run().wait()
    expect(job.phase == "COMPLETED", job.phase)
    job.raise_if_error()
    table = job.fetch_result()
    expect(len(table) == 10 and table.query_status == "OVERFLOW", table.query_status)
    url = job.url
    job.delete()
    expect(is_gone(url), f"{url} is still there")
    return "edited, run, fetched, deleted"


def a_wrong_query_says_why(service):
    job = service.submit_job(WRONG)
    job.run()
    expect(job.phase == "ERROR", job.phase)
    said = []
    for ask in (job.wait().raise_if_error, lambda: service.run_async(WRONG)):
        try:
            ask()
        except pyvo.dal.DALQueryError as error:
            said.append(str(error))
    expect(len(said) == 2, "no error")
    for words in said:
        expect("obs_id exists" in words, words)
    job.delete()
    return said[0].splitlines()[0]


def what_takes_too_long_says_so(service):
    job = service.submit_job(ENDLESS)
    job.execution_duration = 2
    job.run().wait()
    expect(job.phase == "ERROR", job.phase)
    try:
        job.raise_if_error()
    except pyvo.dal.DALQueryError as error:
        expect("execution duration of 2 s" in str(error), str(error))
    job.delete()
    return "ERROR after 2 s"


def an_abort_is_obeyed(service):
    job = service.submit_job(ENDLESS)
    job.run()
    until("the job runs", lambda: job.phase == "EXECUTING")
    job.abort()
    expect(job.phase == "ABORTED", job.phase)
    job.delete()
    return "ABORTED"


def the_list_is_narrowed(service):
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    jobs = [service.submit_job(QUERY) for _ in range(3)]
    jobs[0].run().wait()
    found = service.get_job_list(after=before)
    expect({job.jobid for job in found} == {job.job_id for job in jobs}, "AFTER")
    expect(len(service.get_job_list(last=2)) == 2, "LAST")
    pending = {job.jobid for job in service.get_job_list(phases=["PENDING"], after=before)}
    expect(pending == {job.job_id for job in jobs[1:]}, "PHASE")
    both = service.get_job_list(phases=["PENDING", "COMPLETED"], after=before)
    expect(len(both) == 3, "PHASE twice")
    for job in jobs:
        job.delete()
    expect(not service.get_job_list(after=before), "deleted jobs are listed")
    return "AFTER, LAST, PHASE"


def documents_are_well_formed(service):
    asked = 0
    with tempfile.TemporaryDirectory() as folder:
        jobs = [service.submit_job(query) for query in (QUERY, WRONG)]
        for job in jobs:
            job.run().wait()
        urls = [f"{service.baseurl}/async"]
        for job in jobs:
            urls += [job.url, f"{job.url}/results", f"{job.url}/parameters"]
        urls.append(f"{jobs[1].url}/error")
        for place, url in enumerate(urls):
            file = Path(folder) / f"{place}.xml"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                file.write_bytes(answer.read())
            run("xmllint", "--nonet", "--noout", str(file))
            asked += 1
        for job in jobs:
            job.delete()
    return f"{asked} documents"


def stilts_runs_jobs(service):
    said = run("stilts", "tapquery", "sync=false", f"tapurl={service.baseurl}",
               f"adql={QUERY}", "ofmt=csv")
    expect(len(said.splitlines()) == 51, f"{len(said.splitlines())} lines")
    _, told = spoken("stilts", "tapquery", "sync=false", f"tapurl={service.baseurl}",
                     f"adql={QUERY}", "omode=count",
                     "delete=never", "progress=true")
    url = next(line for line in told.splitlines() if line.startswith("http"))
    again = run("stilts", "tapresume", f"joburl={url}", "ofmt=csv", "delete=finished")
    expect(again == said, "tapresume has another answer")
    expect(is_gone(url), f"{url} is still there")
    return "tapquery, tapresume"


CHECKS = [
    run_async_answers_as_run_sync,
    a_job_is_looked_after,
    a_wrong_query_says_why,
    what_takes_too_long_says_so,
    an_abort_is_obeyed,
    the_list_is_narrowed,
    documents_are_well_formed,
    stilts_runs_jobs,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    service = pyvo.dal.TAPService(parser.parse_args().url.rstrip("/"))
    report(CHECKS, service)


if __name__ == "__main__":
    main()
