//! What changed in a repository is told, whoever looks and however.

use std::collections::BTreeSet;

use obstap::registry::butler::Repository;
use obstap::registry::{Source, Sweep, Wanted};

use super::made::{Made, all, hex, id, on_all, on_server, region};

/// Somebody who looks again and again.
struct Follower {
    repository: Repository,
    wanted: Wanted,
    mark: String,
    swept: String,
}

impl Follower {
    async fn new(made: &Made) -> Follower {
        let repository = made.open().await;
        let wanted = all();
        let first = repository.changes(&wanted, None).await.expect("read");
        assert!(first.everything);
        let swept = repository.sweep(&wanted, None).await.expect("read");
        assert!(swept.everything);
        Follower {
            repository,
            wanted,
            mark: first.mark,
            swept: swept.mark,
        }
    }

    /// What a look tells.
    async fn look(&mut self) -> BTreeSet<u128> {
        let changes = self
            .repository
            .changes(&self.wanted, Some(&self.mark))
            .await;
        let changes = changes.expect("read");
        assert!(!changes.everything, "after {}", self.mark);
        self.mark = changes.mark;
        changes.ids.iter().map(|id| id.as_u128() >> 64).collect()
    }

    /// What a sweep tells: ids, and those of `known` that are gone.
    async fn sweep(&mut self, known: &[u128]) -> (BTreeSet<u128>, BTreeSet<u128>) {
        let sweep = self.repository.sweep(&self.wanted, Some(&self.swept)).await;
        let sweep = sweep.expect("read");
        assert!(!sweep.everything);
        self.swept = sweep.mark;
        let gone = known.iter().filter(|number| {
            let id = id(**number);
            sweep.ends.contains(&Sweep::end(id)) && !sweep.ids.contains(&id)
        });
        let ids = sweep.ids.iter().map(|id| id.as_u128() >> 64);
        (ids.collect(), gone.copied().collect())
    }
}

fn set(numbers: &[u128]) -> BTreeSet<u128> {
    numbers.iter().copied().collect()
}

#[test]
fn datasets_tags_and_visits_are_told_by_the_next_look() {
    on_all(async |made: Made| {
        let mut follower = Follower::new(&made).await;
        follower.look().await;
        assert_eq!(follower.look().await, set(&[]));
        made.run(&made.raw(0x104, 2, 2)).await;
        assert_eq!(follower.look().await, set(&[0x104]));
        made.run(&made.tag(0x203, 2, 4)).await;
        assert_eq!(follower.look().await, set(&[0x203]));
        // A visit is made of an exposure that has datasets.
        let sql = format!(
            "{} INSERT INTO visit_definition VALUES ('HSC', 3, 13); {}",
            made.visit(13),
            made.visit_region(13, 1, Some(13.0))
        );
        made.run(&sql).await;
        assert_eq!(follower.look().await, set(&[0x103]));
        let raw = follower.repository.find(&[id(0x103)]).await.expect("read");
        assert!(raw[0].region.is_some());
        assert_eq!(follower.look().await, set(&[]));
    });
}

#[test]
fn what_is_gone_or_changed_is_told_by_the_next_sweep() {
    on_all(async |made: Made| {
        let mut follower = Follower::new(&made).await;
        let known = [0x101, 0x102, 0x103, 0x201, 0x202, 0x203, 0x301, 0x104];
        follower.sweep(&known).await;
        assert_eq!(follower.sweep(&known).await.1, set(&[]));
        let mut check = async |change: String, ids: &[u128], gone: &[u128]| {
            made.run(&change).await;
            let (told, missing) = follower.sweep(&known).await;
            assert!(told.is_superset(&set(ids)), "{change}: {told:x?}");
            assert_eq!(missing, set(gone), "{change}");
        };
        check(made.raw(0x104, 2, 2), &[0x104], &[]).await;
        check(made.remove(0x102), &[], &[0x102]).await;
        check(made.tag(0x203, 2, 4), &[0x203], &[]).await;
        let untag = format!(
            "DELETE FROM dataset_tags_00000002 WHERE collection_id = 4 AND dataset_id = '{}'",
            hex(0x201)
        );
        check(untag, &[0x201], &[]).await;
        check(
            "DELETE FROM collection WHERE name = 'best'".to_owned(),
            &[0x203],
            &[],
        )
        .await;
        let unstore =
            |table: &str| format!("DELETE FROM {table} WHERE dataset_id = '{}'", hex(0x301));
        check(unstore("dataset_location"), &[0x301], &[]).await;
        check(unstore("file_datastore_records"), &[0x301], &[]).await;
        check(
            "DELETE FROM collection WHERE name = 'runs/second'".to_owned(),
            &[],
            &[0x202],
        )
        .await;
    });
}

/// Records that changed in place: named on a server, and on a file everything
/// is compared.
#[test]
fn changed_regions_are_told_by_the_next_sweep() {
    on_all(async |made: Made| {
        let mut follower = Follower::new(&made).await;
        let known = [0x101, 0x102, 0x201, 0x202, 0x203, 0x301];
        follower.sweep(&known).await;
        let move_it = |visit: u32, lon: f64| {
            format!(
                "UPDATE visit_detector_region SET region = '{}' WHERE visit = {visit} AND detector = 1",
                region(lon)
            )
        };
        if !made.on_server() {
            made.run(&move_it(12, 20.0)).await;
            let sweep = follower
                .repository
                .sweep(&follower.wanted, Some(&follower.swept))
                .await;
            assert!(sweep.expect("read").everything);
            return;
        }
        made.run(&move_it(12, 20.0)).await;
        // While others have old transactions, more is told than need be.
        let (told, gone) = follower.sweep(&known).await;
        assert!(told.is_superset(&set(&[0x102, 0x201, 0x202])), "{told:x?}");
        assert_eq!(gone, set(&[]));
        made.run(&format!("UPDATE patch SET region = '{}'", region(51.0)))
            .await;
        let (told, _) = follower.sweep(&known).await;
        assert!(told.contains(&0x301), "{told:x?}");
        made.run("UPDATE physical_filter SET band = 's'").await;
        let (told, _) = follower.sweep(&known).await;
        assert!(told.is_superset(&set(&[0x101, 0x103, 0x203])), "{told:x?}");
    });
}

#[test]
fn rows_of_a_file_that_take_the_numbers_of_others_are_not_overlooked() {
    crate::support::runtime().block_on(async {
        let made = super::made::make(8, false).await;
        let repository = made.open().await;
        let first = repository.changes(&all(), None).await.expect("read");
        // The last raw goes, and another one takes its place in the file.
        made.run(&made.remove(0x103)).await;
        made.run(&made.raw(0x104, 3, 2)).await;
        let changes = repository
            .changes(&all(), Some(&first.mark))
            .await
            .expect("read");
        assert!(changes.everything);
        let quiet = repository
            .changes(&all(), Some(&changes.mark))
            .await
            .expect("read");
        assert!(!quiet.everything && quiet.ids.is_empty());
    });
}

#[test]
fn a_transaction_that_is_committed_late_loses_nothing() {
    on_server(async |made: Made| {
        for journal in [false, true] {
            if journal {
                made.run(&made.open().await.install_sql().await.expect("printed"))
                    .await;
            }
            let base = if journal { 0x2000 } else { 0x1000 };
            let mut follower = Follower::new(&made).await;
            follower.look().await;
            let mut slow = made.begin().await;
            slow.script("SAVEPOINT inside").await.expect("set");
            slow.script(&made.raw(base, 2, base as i64))
                .await
                .expect("added");
            slow.script("RELEASE inside").await.expect("released");
            for number in 1..=5 {
                made.run(&made.raw(base + number, 2, (base + number) as i64))
                    .await;
                assert_eq!(follower.look().await, set(&[base + number]), "told once");
                assert_eq!(follower.look().await, set(&[]));
            }
            slow.commit().await.expect("committed");
            assert_eq!(follower.look().await, set(&[base]));
            assert_eq!(follower.look().await, set(&[]));
        }
    });
}

#[test]
fn with_the_journal_everything_is_told_by_the_next_look() {
    on_server(async |made: Made| {
        let repository = made.open().await;
        let install = repository.install_sql().await.expect("printed");
        made.run(&install).await;
        // Again does no harm.
        made.run(&install).await;
        let mut follower = Follower::new(&made).await;
        let mut check = async |change: String, expected: &[u128]| {
            made.run(&change).await;
            assert_eq!(follower.look().await, set(expected), "{change}");
            assert_eq!(follower.look().await, set(&[]));
        };
        check(made.raw(0x104, 2, 2), &[0x104]).await;
        check(made.remove(0x102), &[0x102]).await;
        check(made.tag(0x203, 2, 4), &[0x203]).await;
        check(
            "DELETE FROM collection WHERE name = 'best'".to_owned(),
            &[0x201, 0x203],
        )
        .await;
        let move_it = format!(
            "UPDATE visit_detector_region SET region = '{}' WHERE visit = 12 AND detector = 1",
            region(20.0)
        );
        check(move_it, &[0x201, 0x202]).await;
        check("UPDATE patch SET cell_x = 5".to_owned(), &[0x301]).await;
        let visit = format!(
            "{} INSERT INTO visit_definition VALUES ('HSC', 3, 13); {}",
            made.visit(13),
            made.visit_region(13, 1, Some(13.0))
        );
        check(visit, &[0x103]).await;
        let unstore = format!(
            "DELETE FROM dataset_location WHERE dataset_id = '{}'",
            hex(0x301)
        );
        check(unstore, &[0x301]).await;
        check(
            "DELETE FROM collection WHERE name = 'runs/second'".to_owned(),
            &[0x202],
        )
        .await;

        // Taken away, the looks go on without it.
        made.run(&repository.remove_sql().expect("printed")).await;
        made.run(&made.raw(0x105, 1, 2)).await;
        let changes = repository
            .changes(&all(), Some(&follower.mark))
            .await
            .expect("read");
        assert!(changes.everything);
        made.run(&made.raw(0x106, 3, 2)).await;
        let changes = repository
            .changes(&all(), Some(&changes.mark))
            .await
            .expect("read");
        assert!(changes.ids.contains(&id(0x106)) && !changes.everything);
    });
}
