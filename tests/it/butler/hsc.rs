//! A repository that a real Butler made, where there is one: set
//! `OBSTAP_BUTLER_HSC` to its directory.

use std::collections::BTreeMap;
use std::path::Path;

use obstap::registry::butler::Repository;
use obstap::registry::{Collections, Dataset, Scalar, Source};

use super::made::{pages, wanted};
use crate::support::runtime;

#[test]
fn a_repository_of_a_real_butler_is_read_whole() {
    let Ok(place) = std::env::var("OBSTAP_BUTLER_HSC") else {
        eprintln!("OBSTAP_BUTLER_HSC names no repository: nothing to do");
        return;
    };
    runtime().block_on(async {
        let before = listing(Path::new(&place));
        let repository = Repository::open(&place, Some("hsc")).await.expect("opened");
        assert!(
            repository
                .obscore_configuration()
                .expect("one")
                .contains("dataset_types")
        );
        let every = ["bias", "calexp", "deepCoadd", "raw", "src"];
        let all = Collections::runs([]).expect("patterns");
        let datasets = pages(&repository, &wanted(&every, all), 500).await;
        let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        for dataset in &datasets {
            let [count, regions, timespans, files] =
                counts.entry(&dataset.dataset_type).or_default();
            *count += 1;
            *regions += usize::from(dataset.region.is_some());
            *timespans += usize::from(dataset.timespan.is_some());
            *files += dataset.files.len();
        }
        let expected = [
            ("bias", [14, 0, 0, 14]),
            ("calexp", [1246, 1246, 1246, 1246]),
            ("deepCoadd", [810, 810, 0, 810]),
            // Nine are of exposures that no visit was made of.
            ("raw", [1141, 1132, 1141, 1141]),
            ("src", [283, 283, 283, 283]),
        ];
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
        let patterns = ["HSC/raw/all", "HSC/runs/.*"];
        let some = Collections::runs(patterns).expect("patterns");
        let chosen = pages(&repository, &wanted(&["calexp", "raw"], some), 500).await;
        assert_eq!(chosen.len(), 1132 + 1141);
        let tagged = Collections::Tagged("HSC/RC2/best".to_owned());
        let tagged = pages(&repository, &wanted(&every, tagged), 500).await;
        assert!(!tagged.is_empty());
        assert!(
            tagged
                .iter()
                .all(|it| it.tags.iter().any(|tag| &**tag == "HSC/RC2/best"))
        );
        let path = Collections::Path(vec!["HSC/defaults".to_owned()]);
        let found = pages(&repository, &wanted(&every, path), 500).await;
        eprintln!("{} tagged, {} in the chain", tagged.len(), found.len());

        let raw = datasets
            .iter()
            .find(|it| &*it.dataset_type == "raw")
            .expect("a raw");
        assert_eq!(
            raw.data_id.get("instrument"),
            Some(&Scalar::Text("HSC".into()))
        );
        assert!(matches!(raw.data_id.get("band"), Some(Scalar::Text(_))));
        assert!(matches!(raw.data_id.get("day_obs"), Some(Scalar::Int(_))));
        assert!(raw.record("exposure").is_some() && raw.record("detector").is_some());
        assert!(raw.files[0].uri.starts_with("file:///"));

        let ids: Vec<_> = datasets.iter().map(|it| it.id).collect();
        assert_eq!(
            repository.existing(&ids).await.expect("read").len(),
            ids.len()
        );
        let mut found = repository.find(&ids).await.expect("read");
        found.sort_by(|a, b| (&a.dataset_type, a.id).cmp(&(&b.dataset_type, b.id)));
        let text = |datasets: &[Dataset]| format!("{datasets:?}");
        assert!(
            text(&found) == text(&datasets),
            "found one by one they are the same"
        );
        assert_eq!(listing(Path::new(&place)), before, "nothing was written");
    });
}

fn listing(place: &Path) -> Vec<String> {
    let names = std::fs::read_dir(place).expect("a directory").flatten();
    let mut names: Vec<String> = names
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
