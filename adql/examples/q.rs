use std::io::BufRead;
fn main() {
    let c = adql::Catalog::open([]);
    for l in std::io::stdin().lock().lines() {
        let l = l.unwrap();
        println!("> {l}");
        match adql::parse(&l).and_then(|s| adql::check(&s, &c)) {
            Ok(_) => println!("OK"),
            Err(e) => println!("{e}"),
        }
    }
}
