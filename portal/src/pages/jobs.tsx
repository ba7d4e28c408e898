/** Jobs: what runs, waits and is done, and one of them in full. */
import { render } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import "../lib/page";
import { age, bytes, duration, grouped, utc } from "../lib/format";
import { copy, toast } from "../lib/page";
import { BASE, ROOT, Refused, sentence, startJob } from "../lib/service";
import { abort, destroy, isBusy, job as fetchJob, list as fetchList, mine, start } from "../lib/uws";
import type { Job, Phase } from "../lib/uws";
import { Icon, State } from "../ui/parts";

/** Milliseconds between two looks, while something runs and otherwise. */
const SOON = 1000;
const LATER = 8000;
/** Jobs that are shown with their query. */
const SHOWN = 40;

const CHIPS: Partial<Record<Phase, string>> = { COMPLETED: "good", ERROR: "bad", EXECUTING: "live", QUEUED: "warn" };
const NAMES: Partial<Record<Phase, string>> = {
  PENDING: "not started",
  QUEUED: "waits",
  EXECUTING: "runs",
  COMPLETED: "done",
  ERROR: "failed",
  ABORTED: "stopped",
};

function PhaseChip({ phase }: { phase: Phase }) {
  return (
    <span class={`chip ${CHIPS[phase] ?? ""}`}>
      {phase === "EXECUTING" && <span class="busy small" />}
      {NAMES[phase] ?? phase.toLowerCase()}
    </span>
  );
}

function Jobs() {
  const [jobs, setJobs] = useState<Job[]>();
  const [error, setError] = useState("");
  const [chosen, setChosen] = useState(decodeURIComponent(location.hash.slice(1)));
  const known = useRef(new Map<string, Job>());

  const look = useCallback(async () => {
    try {
      const listed = await fetchList();
      const phases = new Map(listed.map((it) => [it.id, it.phase]));
      const ids = new Set([...mine.read(), ...listed.sort((a, b) => b.created.localeCompare(a.created)).map((it) => it.id)]);
      const wanted = decodeURIComponent(location.hash.slice(1));
      if (wanted) ids.add(wanted);
      const found = await Promise.all(
        [...ids].slice(0, SHOWN).map(async (id) => {
          const old = known.current.get(id);
          // What has ended changes no more.
          if (old && !isBusy(old) && old.phase !== "PENDING" && phases.get(id) === old.phase) return old;
          try {
            const job = await fetchJob(id);
            known.current.set(id, job);
            return job;
          } catch (error) {
            if (error instanceof Refused && error.status === 404) mine.write(mine.read().filter((it) => it !== id));
            return undefined;
          }
        }),
      );
      const there = found.filter((it): it is Job => !!it);
      setJobs(there.sort((a, b) => b.created.localeCompare(a.created)));
      setError("");
      return there.some(isBusy);
    } catch (error) {
      setError(sentence(error));
      return false;
    }
  }, []);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const again = async () => {
      const busy = document.hidden ? false : await look();
      if (!over) timer = setTimeout(again, busy ? SOON : LATER);
    };
    void again();
    const turned = () => setChosen(decodeURIComponent(location.hash.slice(1)));
    addEventListener("hashchange", turned);
    return () => {
      over = true;
      clearTimeout(timer);
      removeEventListener("hashchange", turned);
    };
  }, []);

  const act = async (what: () => Promise<unknown>, said: string) => {
    try {
      await what();
      toast(said);
    } catch (error) {
      toast(sentence(error), 8);
    }
    await look();
  };
  const choose = (id: string) => {
    history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname);
    setChosen(id);
  };
  const rerun = (job: Job) =>
    act(async () => {
      const id = await startJob({ query: job.query, maxrec: job.maxrec ? Number(job.maxrec) : undefined }, job.format);
      mine.add(id);
      choose(id);
    }, "Started again as a new job");

  const now = jobs?.find((it) => it.id === chosen);
  return (
    <div class="wide jobs-page">
      <div class="page-head">
        <h1>Jobs</h1>
        <p>Queries that run for long. Each is kept with its result until it is destroyed, whether this page is open or not.</p>
        <a class="btn primary end" href={`${ROOT}/query`}>
          <Icon name="plus" />
          New job
        </a>
      </div>
      {error && (
        <p class="note bad" role="alert">
          {error}
        </p>
      )}
      {!jobs ? (
        <div class="card" aria-busy="true">
          {[0, 1, 2].map((it) => (
            <p key={it} class="ghost line">
              Loading
            </p>
          ))}
        </div>
      ) : !jobs.length ? (
        <div class="card">
          <State icon="clock" title="No jobs">
            <p>
              Write a <a href={`${ROOT}/query`}>query</a> and choose <i>Run as a job</i>. It goes on when you leave, and its result waits for you.
            </p>
          </State>
        </div>
      ) : (
        <div class="jobs">
          <ul class="card job-list" aria-label="All jobs">
            {jobs.map((job) => (
              <li key={job.id}>
                <button type="button" aria-current={job.id === chosen ? "true" : undefined} onClick={() => choose(job.id)}>
                  <span class="row spread">
                    <PhaseChip phase={job.phase} />
                    <small class="dim">{age(job.created)}</small>
                  </span>
                  <code>{job.query.replace(/\s+/g, " ")}</code>
                </button>
              </li>
            ))}
          </ul>
          {now ? (
            <Detail job={now} act={act} rerun={rerun} gone={() => choose("")} />
          ) : (
            <div class="card">
              <State icon="empty" title={chosen ? "There is no such job" : "Choose a job"}>
                {chosen && <p>It has been deleted, or its time was over.</p>}
              </State>
            </div>
          )}
        </div>
      )}
    </div>
  );
}

interface DetailProps {
  job: Job;
  act: (what: () => Promise<unknown>, said: string) => Promise<void>;
  rerun: (job: Job) => void;
  gone: () => void;
}

function Detail({ job, act, rerun, gone }: DetailProps) {
  const address = `${BASE}/tap/async/${encodeURIComponent(job.id)}`;
  const share = job.rows !== undefined && job.expectedRows ? Math.min(1, job.rows / job.expectedRows) : undefined;
  const took = job.started && job.ended ? duration((Date.parse(job.ended) - Date.parse(job.started)) / 1000) : "";
  const times: [string, string][] = [
    ["Made", job.created],
    ["Started", job.started],
    ["Ended", job.ended],
    ["Expected end", isBusy(job) || job.phase === "PENDING" ? job.quote : ""],
    ["Kept until", job.destruction],
  ];
  return (
    <article class="card job" aria-label="The job">
      <header>
        <div class="row">
          <h2>Job</h2>
          <code class="dim">{job.id}</code>
          <PhaseChip phase={job.phase} />
        </div>
        <div class="row">
          {job.phase === "PENDING" && (
            <button type="button" class="btn small primary" onClick={() => void act(() => start(job.id), "Started")}>
              Start
            </button>
          )}
          {(isBusy(job) || job.phase === "PENDING") && (
            <button type="button" class="btn small" onClick={() => void act(() => abort(job.id), "Stopped")}>
              Cancel
            </button>
          )}
          {!isBusy(job) && !job.hasUploads && (
            <button type="button" class="btn small" onClick={() => rerun(job)}>
              Run again
            </button>
          )}
          <button
            type="button"
            class="btn small danger"
            onClick={() => {
              gone();
              void act(() => destroy(job.id), "Deleted");
            }}
          >
            Delete
          </button>
        </div>
      </header>
      <div class="in">
        {job.phase === "QUEUED" && (
          <p class="note">
            <Icon name="clock" />
            {job.ahead ? `${grouped(job.ahead)} job${job.ahead > 1 ? "s" : ""} before it.` : "It is next."}
          </p>
        )}
        {job.phase === "EXECUTING" && (
          <div class="progress">
            <progress max={1} value={share} aria-label="Rows found of those expected" />
            <p class="dim num">
              {job.rows !== undefined ? `${grouped(job.rows)} rows` : "Running"}
              {job.expectedRows ? ` of about ${grouped(job.expectedRows)}` : ""}
            </p>
          </div>
        )}
        {job.phase === "ERROR" && (
          <div class="note bad" role="alert">
            <Icon name="alert" />
            <pre>{job.error || "It failed."}</pre>
          </div>
        )}
        {job.result && (
          <div class="result row">
            <a class="btn primary" href={`${ROOT}/tap/async/${encodeURIComponent(job.id)}/results/result`} download>
              <Icon name="download" />
              Download the result
            </a>
            <span class="dim">
              {bytes(job.result.size)} · {job.result.media.split(";")[0]}
              {took && ` · took ${took}`}
            </span>
          </div>
        )}
        <div class="code">
          <pre id="job-query">{job.query}</pre>
          <button type="button" class="btn small copy" data-copy="job-query">
            Copy
          </button>
        </div>
        <div class="row">
          <a class="btn small" href={`${ROOT}/query#adql=${encodeURIComponent(job.query)}`}>
            Open in Query
          </a>
          <button type="button" class="btn small quiet" onClick={() => void copy(address)}>
            Copy the job’s address
          </button>
        </div>
        <dl class="facts">
          {times
            .filter(([, time]) => time)
            .map(([name, time]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <time dateTime={time}>{utc(new Date(time))}</time> <span class="dim">{age(time)}</span>
                </dd>
              </div>
            ))}
          <div>
            <dt>May run for</dt>
            <dd>{duration(job.seconds)}</dd>
          </div>
        </dl>
      </div>
    </article>
  );
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<Jobs />, host);
