//! How fast a large repository is read: set `OBSTAP_BUTLER_MANY` to a number
//! of datasets. Prints figures and judges none.

use std::time::Instant;

use obstap::registry::{Collections, Place, Source};

use super::made::{make, wanted};
use crate::support::runtime;

#[test]
fn a_large_repository_is_read_and_followed() {
    let Some(many) = std::env::var("OBSTAP_BUTLER_MANY")
        .ok()
        .and_then(|it| it.parse::<i64>().ok())
    else {
        eprintln!("OBSTAP_BUTLER_MANY names no number: nothing to do");
        return;
    };
    for server in [false, true] {
        runtime().block_on(async {
            let made = make(8, server).await;
            made.fill(many).await;
            let repository = made.open().await;
            let wanted = wanted(&["calexp", "raw"], Collections::runs([]).expect("patterns"));
            let mark = repository.changes(&wanted, None).await.expect("read").mark;
            let told = |what: &str, since: Instant, count: usize| {
                let seconds = since.elapsed().as_secs_f64();
                let rate = count as f64 / seconds;
                eprintln!("PostgreSQL {server}: {what}: {count} in {seconds:.2} s, {rate:.0}/s");
            };
            let since = Instant::now();
            let (mut after, mut count): (Option<Place>, usize) = (None, 0);
            loop {
                let page = repository.page(&wanted, after.as_ref(), 10_000).await;
                let page = page.expect("a page");
                let Some(last) = page.last() else { break };
                after = Some(Place {
                    dataset_type: last.dataset_type.clone(),
                    id: last.id,
                });
                count += page.len();
            }
            told("pages", since, count);
            let since = Instant::now();
            let sweep = repository.sweep(&wanted, None).await.expect("read");
            told("first sweep", since, count);
            let since = Instant::now();
            let sweep = repository
                .sweep(&wanted, Some(&sweep.mark))
                .await
                .expect("read");
            told("second sweep", since, sweep.ids.len());
            let since = Instant::now();
            let mut mark = mark;
            for _ in 0..10 {
                mark = repository
                    .changes(&wanted, Some(&mark))
                    .await
                    .expect("read")
                    .mark;
            }
            told("ten looks", since, 10);
        });
    }
}
