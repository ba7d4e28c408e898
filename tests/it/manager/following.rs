//! A registry followed while it changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use obstap::obscore::manager::{Pace, follow, status};
use tokio::sync::watch;

use super::memory::{Memory, dataset};
use super::{count, followed, verified};
use crate::support::on_both;

const PACE: Pace = Pace {
    interval: Duration::from_millis(10),
    sweep: Duration::from_millis(50),
};

/// Waits until the table is what the registry says.
async fn in_step(database: &obstap::database::Database, memory: &Arc<Memory>) {
    for _ in 0..2000 {
        if verified(database, memory).await.is_clean() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", verified(database, memory).await.causes);
}

#[test]
fn changes_arrive_while_it_is_followed() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(20));
        let mut manager = followed(&database, &memory).await;
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(async move {
            let managers = std::slice::from_mut(&mut manager);
            follow(managers, PACE, stopped, &mut |_| {}).await
        });
        memory.put(dataset(1000, "raw"));
        in_step(&database, &memory).await;
        // What is not told is found by the comparison of everything.
        memory.quiet();
        memory.remove(2);
        memory.change(3, |dataset| dataset.region = None);
        in_step(&database, &memory).await;
        assert_eq!(count(&database).await, 40);
        // Trouble with the registry passes.
        memory.fails_after.store(1, Ordering::SeqCst);
        while memory.fails_after.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        memory.put(dataset(1001, "raw"));
        in_step(&database, &memory).await;
        let known = status(&database).await.expect("a status");
        assert!(known.changed_at.is_some());
        let feed = &known.feeds[0];
        assert!(known.lag(feed).is_some() && feed.swept.is_some());
        stop.send(true).expect("it listens");
        following.await.expect("its end").expect("no fault");
    });
}

#[test]
fn a_second_follower_waits_for_the_first() {
    on_both(async |database| {
        let memory = Arc::new(Memory::with(5));
        let mut first = followed(&database, &memory).await;
        let mut second =
            super::manager(&database, &memory, &obstap::obscore::Name::default()).await;
        let (stop_first, first_stopped) = watch::channel(false);
        let (stop_second, second_stopped) = watch::channel(false);
        let one = tokio::spawn(async move {
            follow(
                std::slice::from_mut(&mut first),
                PACE,
                first_stopped,
                &mut |_| {},
            )
            .await
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (heard, hears) = std::sync::mpsc::channel();
        let two = tokio::spawn(async move {
            let mut told = move |_: &_| {
                let _ = heard.send(());
            };
            follow(
                std::slice::from_mut(&mut second),
                PACE,
                second_stopped,
                &mut told,
            )
            .await
        });
        memory.put(dataset(1000, "raw"));
        in_step(&database, &memory).await;
        assert!(hears.try_recv().is_err(), "the second one wrote");
        stop_first.send(true).expect("it listens");
        one.await.expect("its end").expect("no fault");
        memory.put(dataset(1001, "raw"));
        in_step(&database, &memory).await;
        assert!(hears.recv_timeout(Duration::from_secs(60)).is_ok());
        stop_second.send(true).expect("it listens");
        two.await.expect("its end").expect("no fault");
    });
}
