//! A connection for creating and dropping databases, on a thread of its own: each test has its own runtime, and none
//! outlives its test.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// Sentences, and whom to tell that they ran.
struct Order {
    sql: String,
    told: Option<Sender<Result<String, String>>>,
}

pub struct Admin {
    orders: Mutex<Sender<Order>>,
}

impl Admin {
    pub fn new(url: String) -> Self {
        let (orders, ordered) = channel();
        std::thread::spawn(move || serve(&url, &ordered));
        Self {
            orders: Mutex::new(orders),
        }
    }

    /// Runs sentences to their end; answers the first value that they read.
    pub fn run(&self, sql: &str) -> String {
        let (tell, told) = channel();
        self.order(sql, Some(tell));
        let ran = told.recv().expect("the thread lives");
        ran.unwrap_or_else(|error| panic!("{error}, in: {sql}"))
    }

    /// Runs sentences some time soon.
    pub fn leave(&self, sql: &str) {
        self.order(sql, None);
    }

    fn order(&self, sql: &str, told: Option<Sender<Result<String, String>>>) {
        let sql = sql.to_owned();
        let orders = self
            .orders
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // At the end of everything nobody is left to obey.
        let _ = orders.send(Order { sql, told });
    }
}

fn serve(url: &str, ordered: &Receiver<Order>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut client = None;
    for Order { sql, told } in ordered {
        let ran = runtime.block_on(run(url, &mut client, &sql));
        if let Some(told) = told {
            let _ = told.send(ran);
        }
    }
}

async fn run(url: &str, kept: &mut Option<tokio_postgres::Client>, sql: &str) -> Result<String, String> {
    let client = if let Some(client) = kept.take().filter(|client| !client.is_closed()) {
        client
    } else {
        let connected = tokio_postgres::connect(url, NoTls).await;
        let (client, connection) = connected.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        client
    };
    let ran = client.simple_query(sql).await;
    *kept = Some(client);
    let answers = ran.map_err(|error| {
        let reported = error.as_db_error().map(ToString::to_string);
        reported.unwrap_or_else(|| error.to_string())
    })?;
    let mut values = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(values.next().unwrap_or_default().to_owned())
}
