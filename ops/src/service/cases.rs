//! `dray case`.

use chrono::NaiveDateTime;
use contracts::{CaseKind, CaseStep, Timestamp, UpdateCase};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, hex};
use uuid::Uuid;

use super::{ListCases, TextArgs, WhichCase, tell};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, cell};
use crate::site::Site;

#[derive(Debug, Serialize, FromQueryResult)]
struct Row {
    id: String,
    subject: String,
    kind: String,
    open: u8,
    assigned_to: Option<String>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

#[derive(Debug, Serialize)]
struct Listed {
    case_id: Uuid,
    subject: String,
    kind: String,
    open: bool,
    assigned_to: Option<String>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn read(self) -> Result<Listed> {
        Ok(Listed {
            case_id: store::parse_hex(&self.id)?,
            subject: self.subject,
            kind: self.kind,
            open: self.open != 0,
            assigned_to: self.assigned_to,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! columns {
    ($from:literal) => {
        concat!(
            "SELECT HEX(c.id) id, c.subject, c.kind, CAST(COALESCE(c.live, 0) AS UNSIGNED) open, \
               c.assigned_to, c.created_at, c.updated_at FROM JSON_TABLE(?, '$[*]' COLUMNS( ",
            $from
        )
    };
}

const LIST: &str = columns!(
    "closed TINYINT UNSIGNED PATH '$.closed' ERROR ON ERROR, \
     kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR)) r \
   STRAIGHT_JOIN service_case c ON (r.closed = 1 OR c.live = 1) AND (r.kind IS NULL OR c.kind = r.kind) \
   ORDER BY c.created_at, c.subject LIMIT 10000"
);

const ONE: &str = columns!(
    "id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
   STRAIGHT_JOIN service_case c FORCE INDEX (PRIMARY) ON c.id = UNHEX(r.id)"
);

/// The open cases.
pub(super) async fn ls(args: &ListCases, site: &Site, output: Output) -> Result<()> {
    #[derive(Serialize)]
    struct Which<'a> {
        closed: u8,
        kind: Option<&'a str>,
    }
    if let Some(kind) = &args.kind
        && CaseKind::parse(kind).is_none()
    {
        let names = CaseKind::ALL.map(CaseKind::as_str).join(", ");
        let message = format!("{kind:?} is no kind of case: use {names}");
        return Err(CommandError::new(Exit::Usage, message));
    }
    let database: Database = site.database().await?;
    let which = Which { closed: args.all.into(), kind: args.kind.as_deref() };
    let rows: Vec<Row> = database.select(LIST, &[which]).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let listed: Vec<Listed> = rows.into_iter().take(limit).map(Row::read).collect::<Result<_>>()?;
    output.result(&listed, || {
        let mut table =
            Table::new(&["case", "kind", "about", "open", "assigned to", "since", "changed"]);
        for case in &listed {
            table.row([
                case.case_id.to_string(),
                case.kind.clone(),
                case.subject.clone(),
                if case.open { "yes" } else { "no" }.to_owned(),
                cell(case.assigned_to.as_ref()),
                case.created_at.format("%F %T").to_string(),
                case.updated_at.format("%F %T").to_string(),
            ]);
        }
        if table.is_empty() { "no cases\n".to_owned() } else { table.render(output) }
    })
}

#[derive(Debug, Serialize, FromQueryResult)]
struct Entry {
    at: NaiveDateTime,
    by_whom: String,
    step: String,
    text: String,
}

/// Everything that `show` shows.
#[derive(Debug, Serialize)]
struct Shown {
    case: Listed,
    entries: Vec<Entry>,
}

const ENTRIES: &str = "SELECT e.at, e.by_whom, e.step, e.text FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN service_case_entry e FORCE INDEX (PRIMARY) ON e.case_id = UNHEX(r.id) ORDER BY e.version";

/// One case with its story.
pub(super) async fn show(args: &WhichCase, site: &Site, output: Output) -> Result<()> {
    #[derive(Serialize)]
    struct Id {
        id: String,
    }
    let id = [Id { id: hex(args.case_id) }];
    let database: Database = site.database().await?;
    let rows: Vec<Row> = database.select(ONE, &id).await?;
    let Some(row) = rows.into_iter().next() else {
        let message = format!("there is no case {}", args.case_id);
        return Err(CommandError::new(Exit::NoInput, message));
    };
    let entries = database.select(ENTRIES, &id).await?;
    let shown = Shown { case: row.read()?, entries };
    output.result(&shown, || {
        let Shown { case, entries } = &shown;
        let state = if case.open { "open" } else { "closed" };
        let mut table = Table::new(&["at", "by", "what", "text"]);
        for entry in entries {
            table.row([
                entry.at.format("%F %T").to_string(),
                entry.by_whom.clone(),
                entry.step.clone(),
                entry.text.clone(),
            ]);
        }
        format!("{} about {} ({state})\n\n{}", case.kind, case.subject, table.render(output))
    })
}

/// Writes something down.
pub(super) async fn note(args: TextArgs, site: &Site, output: Output) -> Result<()> {
    let TextArgs { which, text, wait } = args;
    let command = update(&which, CaseStep::Note { text });
    let reply = tell(&command, &wait, site).await?;
    output.result(&reply, || format!("noted in case {} ({})\n", which.case_id, reply.code))
}

/// It is done.
pub(super) async fn close(args: TextArgs, site: &Site, output: Output) -> Result<()> {
    let TextArgs { which, text, wait } = args;
    let command = update(&which, CaseStep::Close { text });
    let reply = tell(&command, &wait, site).await?;
    output.result(&reply, || format!("case {} is closed ({})\n", which.case_id, reply.code))
}

fn update(which: &WhichCase, step: CaseStep) -> UpdateCase {
    UpdateCase {
        case_id: which.case_id,
        step,
        expected_version: None,
        occurred_at: Timestamp::now(),
    }
}
