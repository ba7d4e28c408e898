//! PostgreSQL's errors as ours, by SQLSTATE (its manual, appendix A).

use tokio_postgres::Error as Cause;
use tokio_postgres::error::SqlState;

use crate::database::Error;

/// An error met while doing `attempt` ("run a query").
pub(super) fn explain(attempt: &str, error: Cause) -> Error {
    if is_lost(&error) {
        return Error::Unreachable(
            "the connection to PostgreSQL was lost: is the server running?".to_owned(),
        );
    }
    let Some(state) = error.code() else {
        return Error::driver(format!("could not {attempt}"), error);
    };
    if *state == SqlState::QUERY_CANCELED {
        return Error::Cancelled;
    }
    if let Some(sentence) = raised(&error) {
        return Error::said(&sentence);
    }
    if let Some(sentence) = data(state) {
        return Error::Data(sentence.to_owned());
    }
    match state.code() {
        // Class 23: integrity constraint violation.
        code if code.starts_with("23") => {
            tracing::debug!(reason = %error, "a row breaks a rule of its table");
            Error::Rule
        }
        "40001" | "40P01" => Error::Again,
        "53100" => Error::Unreachable("the disk of the database is full".to_owned()),
        "53200" => Error::Unreachable("the database server is out of memory".to_owned()),
        "53300" => Error::Unreachable(
            "the database server takes no more connections: lower `pool.readers` or raise max_connections"
                .to_owned(),
        ),
        "25006" => Error::Unreachable("the database server is read only".to_owned()),
        "42501" => {
            let what = error.as_db_error().map_or("", |it| it.message()).to_owned();
            tracing::error!(reason = %what, "the database user lacks a right");
            Error::Unreachable(format!(
                "the database user may not {attempt}: give it the rights it needs, or another user"
            ))
        }
        _ => Error::driver(format!("could not {attempt}"), error),
    }
}

/// What our own functions say with RAISE is meant for the user; no function
/// but ours is in PL/pgSQL.
fn raised(error: &Cause) -> Option<String> {
    let error = error.as_db_error()?;
    (error.routine() == Some("exec_stmt_raise")).then(|| error.message().to_owned())
}

/// Whether the connection is gone, so that another one may do.
pub(super) fn is_lost(error: &Cause) -> bool {
    match error.code() {
        // 57P05 (idle session timeout) ends a connection as a shutdown does.
        Some(state) => state.code().starts_with("08") || state.code().starts_with("57P"),
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(|it| it.is::<std::io::Error>())
        }
    }
}

/// A sentence for what a value may do wrong (class 22, and sizes).
fn data(state: &SqlState) -> Option<&'static str> {
    Some(match state.code() {
        "22012" => "division by zero",
        "22003" => "a number is out of range",
        "22008" => "a timestamp is out of range",
        "22007" => "a text is not a timestamp",
        "22P02" => "a text is not a value of the type it is cast to",
        "2201E" => "the logarithm of zero or a negative number has no value",
        "2201F" => "a power or root of these numbers has no value",
        "22023" => "an argument of a function has a value it does not take",
        "22021" => "a text holds a character the database cannot store (a zero byte?)",
        "22001" => "a text is too long",
        "22025" | "22019" => "a LIKE pattern ends with, or has, a wrong escape character",
        "2202E" | "22011" => "a part of a text or list lies outside of it",
        "54000" | "54001" | "54011" | "54023" => "the query is too complex for the database",
        code if code.starts_with("22") => "a value does not fit the operation on it",
        _ => return None,
    })
}

/// An error met while connecting to `place`.
pub(super) fn connecting(place: &str, error: &Cause) -> Error {
    let reason = match error.code().map(SqlState::code) {
        Some("28P01" | "28000") => "it refused the user or the password: check database_url, PGPASSWORD or PGPASSFILE, and the server's pg_hba.conf".to_owned(),
        Some("3D000") => "there is no such database: make it with createdb".to_owned(),
        Some("57P03") => "the server is starting or stopping: try again in a moment".to_owned(),
        Some("53300") => "it takes no more connections: lower `pool.readers` or raise max_connections".to_owned(),
        Some(code) => format!("it refused the connection (SQLSTATE {code})"),
        None => match std::error::Error::source(error) {
            // The operating system's or TLS's words, which say what to do.
            Some(source) => format!("{source}; is it running, and is database_url right?"),
            None if error.to_string().contains("password missing") => {
                "it wants a password: give one in PGPASSWORD, PGPASSFILE or database_url".to_owned()
            }
            None => "the connection failed; is it running, and is database_url right?".to_owned(),
        },
    };
    Error::Unreachable(format!("cannot connect to {place}: {reason}"))
}
