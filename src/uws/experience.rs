//! What jobs took, so that others can be told what they will take.
//!
//! A plan tells a large query from a small one, but not how fast this machine
//! is. So the plan is taken to the jobs that went before: first to those of the
//! same form, which differ in their values alone, else to those of any form
//! whose plan is nearly as large.

use std::collections::VecDeque;

use crate::database::Plan;

/// Jobs remembered: enough for every form that is asked often.
pub const MEMORY: usize = 1000;

/// Jobs of the same form that are asked, the latest of those that are near.
const ALIKE: usize = 5;
/// Jobs of any form that are asked.
const NEAR: usize = 9;

/// A job that went well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub plan: Plan,
    /// From its start to its end.
    pub seconds: f64,
    pub rows: u64,
}

/// What a job is expected to take and to give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// From its start to its end.
    pub seconds: f64,
    pub rows: Option<u64>,
}

/// The latest jobs that went well.
#[derive(Debug, Default)]
pub struct Experience {
    samples: VecDeque<Sample>,
}

impl Experience {
    pub fn learn(&mut self, sample: Sample) {
        if self.samples.len() == MEMORY {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub fn expect(&self, plan: &Plan) -> Expected {
        let distance = |sample: &Sample| (size(&sample.plan) / size(plan)).ln().abs();
        let nearest = |same_form: bool, most: usize| {
            // The latest first, and the sort keeps their order.
            let mut near: Vec<&Sample> = (self.samples.iter().rev())
                .filter(|sample| !same_form || sample.plan.form == plan.form)
                .collect();
            near.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
            near.truncate(most);
            near
        };
        let alike = nearest(true, ALIKE);
        let near = match alike.is_empty() {
            true => nearest(false, NEAR),
            false => alike.clone(),
        };
        let seconds = near.iter().map(|sample| {
            let ratio = size(plan) / size(&sample.plan);
            // Plans that differ by less are as good as equal.
            match (0.5..=2.0).contains(&ratio) {
                true => sample.seconds,
                false if sample.plan.form == plan.form => sample.seconds * ratio,
                // Costs of different forms are hardly measured alike.
                false => sample.seconds * ratio.sqrt(),
            }
        });
        let rows = alike.iter().map(|sample| sample.rows as f64);
        Expected {
            seconds: median(seconds.collect()).unwrap_or(plan.seconds),
            // Where the database guesses, it knows the values that are asked
            // for, but not always what they mean.
            rows: median(rows.collect()).map(|rows| rows as u64).or(plan.rows),
        }
    }
}

/// Of plans that cost nearly nothing, all are the same size.
fn size(plan: &Plan) -> f64 {
    plan.seconds.max(1e-4)
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seconds: f64, form: i64) -> Plan {
        Plan {
            seconds,
            rows: Some(1),
            form,
        }
    }

    /// Seconds expected of a plan after these: seconds of the plan, form,
    /// seconds it took.
    fn expected(samples: &[(f64, i64, f64)], seconds: f64, form: i64) -> f64 {
        let mut experience = Experience::default();
        for &(planned, form, seconds) in samples {
            experience.learn(Sample {
                plan: plan(planned, form),
                seconds,
                rows: 3,
            });
        }
        experience.expect(&plan(seconds, form)).seconds
    }

    #[test]
    fn jobs_are_expected_to_take_what_others_like_them_took() {
        let check = |samples: &[(f64, i64, f64)], seconds: f64, form: i64, most: f64| {
            let found = expected(samples, seconds, form);
            assert!((found / most - 1.0).abs() < 1e-9, "{found} is not {most}");
        };
        // Nothing is known but the plan.
        check(&[], 2.0, 1, 2.0);
        // The same form, and nearly the same plan.
        check(&[(1.0, 1, 5.0)], 1.5, 1, 5.0);
        check(&[(1.0, 1, 5.0), (1.0, 2, 50.0)], 1.5, 1, 5.0);
        // The same form, ten times as large.
        check(&[(1.0, 1, 5.0)], 10.0, 1, 50.0);
        // Another form.
        check(
            &[(1.0, 2, 5.0), (100.0, 3, 7.0), (1.1, 2, 6.0)],
            1.0,
            1,
            5.0,
        );
        // One that stands out is outvoted.
        check(&[(1.0, 1, 5.0), (1.0, 1, 90.0), (1.0, 1, 5.0)], 1.0, 1, 5.0);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let mut samples = vec![(1.0, 1, 5.0); 2];
        samples.extend(vec![(1.0, 1, 9.0); MEMORY]);
        assert_eq!(expected(&samples, 1.0, 1), 9.0);
    }
}
