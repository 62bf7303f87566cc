//! What goes wrong between a browser, the store and the API, one row each: what the user sees, and that nothing is lost.
//!
//! Real Chromium, the real line, and the package as it is built into `www/pkg`. `SEALMARK_FAULTS` may hold parts
//! of the names of the rows to play, with `|` between; by default all are.

mod chromium;
mod row;
mod scene;
mod table;

use anyhow::{Context, Result, ensure};

use self::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_the_user_is_told_and_nothing_is_lost() -> Result<()> {
    let wanted = std::env::var("SEALMARK_FAULTS").unwrap_or_default();
    let is_wanted = |row: &row::Row| wanted.split('|').any(|part| row.name.contains(part));
    let rows: Vec<_> = table::rows().into_iter().filter(is_wanted).collect();
    ensure!(!rows.is_empty(), "no row is called {wanted:?}");
    let mut scene = Scene::start().await?;
    let mut table =
        String::from("| row | held | sent of size, MiB | the user saw | s |\n| --- | --- | --- | --- | --- |\n");
    let (mut wrongs, mut broken) = (Vec::new(), 0);
    for (number, row) in rows.iter().enumerate() {
        let outcome = scene.play(number, row).await.with_context(|| scene.logs())?;
        let mib = |bytes: u64| bytes as f64 / row::MIB as f64;
        let held = if outcome.wrongs.is_empty() { "yes" } else { "NO" };
        let (sent, size) = (mib(outcome.sent_bytes), mib(outcome.size_bytes));
        let seconds = outcome.took.as_secs_f64();
        let line = format!("| {} | {held} | {sent:.1} of {size:.1} | {} | {seconds:.1} |\n", row.name, outcome.saw);
        table.push_str(&line);
        eprint!("{line}");
        broken += usize::from(!outcome.wrongs.is_empty());
        wrongs.extend(outcome.wrongs.into_iter().map(|wrong| format!("{}: {wrong}", row.name)));
    }
    println!("{table}");
    ensure!(wrongs.is_empty(), "{broken} of {} rows do not hold:\n{}", rows.len(), wrongs.join("\n"));
    Ok(())
}
