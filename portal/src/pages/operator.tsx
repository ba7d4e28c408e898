/** For those who look after the service: what runs, what was slow, what failed. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../lib/page";
import { age, bytes, duration, fromMjd, grouped, utc } from "../lib/format";
import { toast } from "../lib/page";
import { ROOT, form } from "../lib/service";
import { Icon } from "../ui/parts";

interface Query {
  id: string;
  query: string;
  client: string;
  seconds: number;
  at?: string;
}

interface Status {
  version: string;
  engine: string;
  now: string;
  up: number;
  pools: { name: string; connections: number; used: number }[];
  jobs: { waiting: number; running: number } | null;
  rows: number | null;
  newest: number | null;
  limits: Record<string, number>;
  running: Query[];
  slow: Query[];
  failed: { id: string; status: number; cause: string; message: string; at: string }[];
}

/** Milliseconds between two looks. */
const AGAIN = 2000;

/** The token lives as long as the tab does. */
const kept = {
  read: () => sessionStorage.getItem("operator") ?? "",
  write: (token: string) => (token ? sessionStorage.setItem("operator", token) : sessionStorage.removeItem("operator")),
};

async function ask(path: string, token: string, body?: URLSearchParams): Promise<Response> {
  return fetch(`${ROOT}/operator/${path}`, {
    method: body ? "POST" : "GET",
    body,
    headers: { Authorization: `Bearer ${token}` },
    credentials: "omit",
  });
}

function Operator() {
  const [token, setToken] = useState(kept.read);
  const [status, setStatus] = useState<Status>();
  const [error, setError] = useState("");

  const look = async () => {
    try {
      const answer = await ask("status", token);
      if (answer.ok) {
        setStatus(await answer.json());
        setError("");
        return;
      }
      setError((await answer.text()).trim());
      setStatus(undefined);
      if (answer.status === 401) {
        kept.write("");
        setToken("");
      }
    } catch {
      setError("The service cannot be reached just now.");
    }
  };
  useEffect(() => {
    if (!token) return;
    kept.write(token);
    void look();
    const timer = setInterval(() => !document.hidden && void look(), AGAIN);
    return () => clearInterval(timer);
  }, [token]);

  if (!token || !status) return <SignIn error={error} enter={setToken} waiting={!!token && !error} />;
  const stop = async (query: Query) => {
    const answer = await ask("cancel", token, form({ ID: query.id }));
    toast(answer.ok ? "Stopped" : (await answer.text()).trim());
    await look();
  };
  return (
    <div class="wide operator">
      <div class="page-head">
        <h1>Operators</h1>
        <p>
          obstap {status.version} on {status.engine}, up for {duration(status.up)}
        </p>
        <button
          type="button"
          class="btn quiet end"
          onClick={() => {
            kept.write("");
            setToken("");
            setStatus(undefined);
          }}
        >
          Leave
        </button>
      </div>
      <div class="gauges">
        {status.pools.map((pool) => (
          <Gauge key={pool.name} name={`Connections: ${pool.name}`} value={`${pool.used} of ${pool.connections}`} share={pool.used / Math.max(1, pool.connections)} />
        ))}
        <Gauge name="Queries now" value={grouped(status.running.length)} />
        {status.jobs && <Gauge name="Jobs" value={`${grouped(status.jobs.running)} run, ${grouped(status.jobs.waiting)} wait`} />}
        {status.rows !== null && <Gauge name="Observations" value={grouped(status.rows)} />}
        {status.newest !== null && <Gauge name="Newest observation" value={age(fromMjd(status.newest).toISOString())} />}
      </div>
      <Queries title="Running queries" list={status.running} none="Nothing runs just now." stop={stop} />
      <Queries title="Slow queries" list={status.slow} none="None took longer than 2 s since the start." />
      <section>
        <h2>Recent errors</h2>
        {!status.failed.length ? (
          <p class="card pad-4 dim">None since the start.</p>
        ) : (
          <div class="card scroll" tabIndex={0} role="region" aria-label="Recent errors">
            <table class="plain">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Status</th>
                  <th>Cause</th>
                  <th>Message</th>
                  <th>Request</th>
                </tr>
              </thead>
              <tbody>
                {status.failed.map((it) => (
                  <tr key={it.id}>
                    <td class="nowrap" title={utc(new Date(it.at))}>
                      {age(it.at)}
                    </td>
                    <td>
                      <span class={`chip ${it.status >= 500 ? "bad" : "warn"}`}>{it.status}</span>
                    </td>
                    <td>{it.cause}</td>
                    <td>
                      <pre>{it.message}</pre>
                    </td>
                    <td>
                      <code class="dim">{it.id}</code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section>
        <h2>Limits</h2>
        <dl class="card facts pad-4">
          {Object.entries(status.limits).map(([name, value]) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>{name.endsWith("bytes") ? bytes(value) : name.endsWith("seconds") ? duration(value) : grouped(value)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <p class="dim">
        Counts and durations for Prometheus: <a href={`${ROOT}/metrics`}>/metrics</a>
      </p>
    </div>
  );
}

function SignIn({ error, enter, waiting }: { error: string; enter: (token: string) => void; waiting: boolean }) {
  const submit = (event: Event) => {
    event.preventDefault();
    enter(String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? "").trim());
  };
  return (
    <div class="wide">
      <form class="card sign-in" onSubmit={submit}>
        <h1>Operators</h1>
        <p class="dim">
          What runs, what was slow and what failed. The token is <code>portal.token</code> in the settings; it stays in this tab.
        </p>
        <div class="field">
          <label for="token">Token</label>
          <input id="token" name="token" type="password" autocomplete="current-password" required />
        </div>
        {error && (
          <p class="note bad" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="btn primary" disabled={waiting}>
          {waiting && <span class="busy" />}
          Enter
        </button>
      </form>
    </div>
  );
}

function Gauge({ name, value, share }: { name: string; value: string; share?: number }) {
  return (
    <div class="card gauge">
      <span class="dim">{name}</span>
      <b class="num">{value}</b>
      {share !== undefined && <meter min={0} max={1} high={0.8} value={share} aria-label={name} />}
    </div>
  );
}

function Queries({ title, list, none, stop }: { title: string; list: Query[]; none: string; stop?: (query: Query) => void }) {
  return (
    <section>
      <h2>{title}</h2>
      {!list.length ? (
        <p class="card pad-4 dim">{none}</p>
      ) : (
        <ul class="card queries">
          {list.map((it) => (
            <li key={`${it.id} ${it.at ?? ""}`}>
              <b class="num">{it.seconds.toFixed(1)} s</b>
              <code>{it.query.replace(/\s+/g, " ")}</code>
              <small class="dim">
                {it.client}
                {it.at && ` · ${age(it.at)}`} · {it.id}
              </small>
              {stop && (
                <button type="button" class="btn small danger" onClick={() => stop(it)}>
                  <Icon name="close" />
                  Stop
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const host = document.getElementById("app")!;
host.replaceChildren();
render(<Operator />, host);
