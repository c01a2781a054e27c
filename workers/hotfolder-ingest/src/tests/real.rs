use queue_topology::WorkerKind;
use std::process::Command;
use testkit::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn real() {
    let kinds = [
        WorkerKind::HotfolderIngest,
        WorkerKind::OrderIntake,
        WorkerKind::WaybillStatus,
    ];
    let stage = Stage::with_users(&kinds).await;
    stage
        .run_sql("INSERT INTO network_revision VALUES (1, 1, NOW(6))")
        .await;
    for n in 1..=400 {
        stage
            .run_sql(&format!(
                "INSERT INTO district VALUES ('D{n:03}', '0001-01-01', 'Z01')"
            ))
            .await;
    }
    for s in ["0900-1300", "1300-1800", "1800-2200"] {
        stage
            .run_sql(&format!(
                "INSERT INTO timeslot VALUES ('{s}', '09:00', '13:00', 'D 07:00')"
            ))
            .await;
    }
    let root = tempfile::TempDir::new().unwrap();
    for source in ["uci", "grocery"] {
        let inbox = root.path().join(source).join("inbox");
        std::fs::create_dir_all(&inbox).unwrap();
        for file in std::fs::read_dir(format!("/work/shared/data/hotfolder/{source}")).unwrap() {
            let file = file.unwrap().path();
            std::fs::copy(&file, inbox.join(file.file_name().unwrap())).unwrap();
        }
    }
    let run = |bin: &str, user: &str| {
        Command::new(format!("/work/main/target/release/{bin}"))
            .env("AMQP_URL", stage.amqp_url_as(user))
            .env("DATABASE_URL", stage.database_url())
            .env("DRAY_HOTFOLDER", root.path())
            .env("DRAY_LOG", "info")
            .spawn()
            .unwrap()
    };
    let mut intake = run("order-intake", "dray-order-intake");
    let mut ingest = run("hotfolder-ingest", "dray-hotfolder-ingest");
    let start = std::time::Instant::now();
    let mut deepest = 0;
    let mut rss = 0;
    let mut kills = 0;
    loop {
        stage.messages("waybill-status.events").await;
        deepest = deepest.max(stage.depth("order-intake.commands").await);
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", ingest.id())) {
            if let Some(l) = status.lines().find(|l| l.starts_with("VmHWM")) {
                rss = rss.max(l.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap());
            }
        }
        let rows = stage
            .rows("SELECT COUNT(*) n FROM import_file WHERE state = 'DONE'")
            .await;
        let left: usize = ["uci", "grocery"]
            .iter()
            .map(|s| {
                std::fs::read_dir(root.path().join(s).join("archive")).map_or(0, |d| d.count())
            })
            .sum();
        if start.elapsed().as_secs() / 4 > kills
            && kills < 3
            && std::env::args().any(|a| a == "--nocapture")
        {
            kills += 1;
            ingest.kill().unwrap();
            ingest.wait().unwrap();
            if kills == 2 {
                intake.kill().unwrap();
                intake.wait().unwrap();
                intake = run("order-intake", "dray-order-intake");
            }
            ingest = run("hotfolder-ingest", "dray-hotfolder-ingest");
        }
        if left >= 78 || start.elapsed().as_secs() > 300 {
            eprintln!("{rows:?} archived {left}");
            break;
        }
    }
    eprintln!(
        "took {:?} deepest {deepest} rss {rss} kB kills {kills}",
        start.elapsed()
    );
    for sql in [
        "SELECT source, COUNT(*) n, CAST(SUM(orders_accepted) AS SIGNED) a, CAST(SUM(orders_duplicate) AS SIGNED) d, CAST(SUM(orders_rejected) AS SIGNED) r, CAST(SUM(lines_total) AS SIGNED) l FROM import_file GROUP BY source",
        "SELECT source, COUNT(*) n, CAST(SUM(waybill_count) AS SIGNED) w FROM orders GROUP BY source",
        "SELECT code, COUNT(*) n FROM import_line GROUP BY code",
    ] {
        for row in stage.rows(sql).await {
            eprintln!("{row}");
        }
    }
    for (mut p, n) in [(ingest, "ingest"), (intake, "intake")] {
        Command::new("kill")
            .arg(p.id().to_string())
            .status()
            .unwrap();
        let t = std::time::Instant::now();
        eprintln!("{n} {:?} after {:?}", p.wait().unwrap(), t.elapsed());
    }
    eprintln!(
        "{:?}",
        std::fs::read_to_string(root.path().join("uci/report/inbox.json")).map(|s| s.len())
    );
    stage.close().await;
}
