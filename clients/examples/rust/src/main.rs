//! A client of a Postern hub: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE

mod hub;

use std::{env, error::Error, iter::successors, process::exit, time::Duration};

use tonic::Status;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run().await {
        match error.downcast_ref::<Status>() {
            Some(status) => eprintln!("{}", hub::why(status)),
            None => {
                let causes = successors(Some(&*error as &dyn Error), |&error| error.source());
                eprintln!("{}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
            }
        }
        exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let address = env::var("POSTERN_HUB").unwrap_or("127.0.0.1:9090".into());
    let token = env::var("POSTERN_TOKEN").unwrap_or_default();
    let wait = Duration::try_from_secs_f64(env::var("DEADLINE_SECONDS").unwrap_or("10".into()).parse()?)?;
    let channel = hub::connect(&address, env::var("POSTERN_HUB_CA").ok()).await?;
    let mut args = env::args().skip(1);
    let (command, argument) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    match command.as_str() {
        "nodes" => println!("{}", hub::nodes(channel, &token, wait).await?.join("\n")),
        "start" => println!("{}", hub::start(channel, &token, &argument, wait).await?),
        "watch" => {
            let (cursor, mut events) = hub::watch(channel, &token).await?;
            println!("from {cursor}");
            for _ in 0..argument.parse()? {
                let Some(event) = events.message().await? else { break };
                println!("{}", event.message);
            }
        }
        "register" => {
            let answer = hub::register(channel, &argument, wait).await?;
            let code = answer.the_verify_code_the_user_need_to_send_back;
            let to = answer.the_email_the_user_need_to_send_verify_code_to;
            println!("{}", answer.error.unwrap_or(format!("{code} {to}")).trim());
        }
        "confirm" => {
            let code = args.next().unwrap_or_default();
            let answer = hub::confirm(channel, argument, code, wait).await?;
            println!("{}", answer.error.unwrap_or(answer.jwt));
        }
        _ => return Err("usage: nodes | start NODE | watch EVENTS | register EMAIL | confirm EMAIL CODE".into()),
    }
    Ok(())
}
