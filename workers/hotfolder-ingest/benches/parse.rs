//! How fast order files are read on one core: fields only, and up to finished orders.

use std::hint::black_box;

use contracts::Source;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hotfolder_ingest::order::{OrderColumn, Orders};
use hotfolder_ingest::tsv::{Header, TsvReader};

const ORDERS: usize = 20_000;
const LINES_AN_ORDER: usize = 3;

fn file() -> String {
    let mut text = String::from(
        "order_ref\tline_no\tordered_at\tcustomer_ref\tdistrict\tdelivery_date\ttimeslot\tmerchant\t\
         sku\tdescription\tquantity\tunit_price\tcurrency\tsku_type\tvolume_ml\tweight_g\n",
    );
    for order in 0..ORDERS {
        for line in 1..=LINES_AN_ORDER {
            text.push_str(&format!(
                "{order:06}\t{line}\t2026-03-01T08:26:00Z\t{}\tD{:03}\t2026-03-02\t0900-1300\tM0{line}\t\
                 {order}A{line}\tHANGING HEART LIGHT HOLDER\t6\t2.55\tGBP\tdry\t1626\t1571\n",
                17_000 + order,
                order % 100,
            ));
        }
    }
    text
}

fn fields(text: &[u8]) -> usize {
    let mut input = text;
    let Ok(header) = Header::<OrderColumn>::read(&mut input) else {
        return 0;
    };
    let position = header.end();
    let mut reader = TsvReader::new(input, header, position);
    let mut bytes = 0;
    while let Ok(Some(record)) = reader.next_record() {
        bytes += record.raw(OrderColumn::Sku).map_or(0, <[u8]>::len);
    }
    bytes
}

fn orders(text: &[u8], source: &Source) -> usize {
    let mut input = text;
    let Ok(header) = Header::<OrderColumn>::read(&mut input) else {
        return 0;
    };
    let position = header.end();
    let mut orders = Orders::new(TsvReader::new(input, header, position), source.clone());
    let mut count = 0;
    while let Ok(Some(order)) = orders.next_order() {
        count += usize::from(order.result.is_ok());
    }
    count
}

fn parse(criterion: &mut Criterion) {
    let text = file();
    let Ok(source) = Source::new("bench") else {
        return;
    };
    let mut group = criterion.benchmark_group("order file");
    group.throughput(Throughput::Bytes(u64::try_from(text.len()).unwrap_or(0)));
    group.sample_size(20);
    group.bench_function("fields", |b| b.iter(|| fields(black_box(text.as_bytes()))));
    group.bench_function("orders", |b| b.iter(|| orders(black_box(text.as_bytes()), &source)));
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
