//! Calls to a Postern hub, and through it to nodes and account services.

use std::{error::Error, fs, time::Duration};

use postern_stubs::account_auth_service::{
    RegisterConfirmRequest, RegisterConfirmResponse, RegisterRequest, RegisterResponse,
    account_authentication_service_client::AccountAuthenticationServiceClient,
};
use postern_stubs::external::{FluentdStartRequest, fluentd_client::FluentdClient};
use postern_stubs::internal::{
    ActivityConnectRequest, ActivityEvent, ActivityType, HubListClientsRequest, activity_client::ActivityClient,
    hub_client::HubClient,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig};
use tonic::{Request, Status, Streaming};

/// A channel to HOST:PORT: with TLS where a file names the authorities to trust, else without.
pub async fn connect(address: &str, ca_file: Option<String>) -> Result<Channel, Box<dyn Error>> {
    let Some(ca_file) = ca_file else {
        return Ok(Channel::from_shared(format!("http://{address}"))?.connect().await?);
    };
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(fs::read(ca_file)?));
    Ok(Channel::from_shared(format!("https://{address}"))?.tls_config(tls)?.connect().await?)
}

/// A request that says who calls.
fn with_token<T>(message: T, token: &str) -> Result<Request<T>, Box<dyn Error>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    Ok(request)
}

/// A call to a node: the metadata `name` says to which.
pub async fn start(channel: Channel, token: &str, node: &str, wait: Duration) -> Result<&'static str, Box<dyn Error>> {
    let mut request = with_token(FluentdStartRequest {}, token)?;
    request.metadata_mut().insert("name", node.parse()?);
    request.set_timeout(wait);
    let answer = FluentdClient::new(channel).start(request).await?.into_inner();
    Ok(answer.status().as_str_name())
}

/// A call without a name is for the hub itself.
pub async fn nodes(channel: Channel, token: &str, wait: Duration) -> Result<Vec<String>, Box<dyn Error>> {
    let mut request = with_token(HubListClientsRequest {}, token)?;
    request.set_timeout(wait);
    let answer = HubClient::new(channel).list_clients(request).await?.into_inner();
    Ok(answer.clients.into_iter().map(|client| client.name).collect())
}

/// A server stream: calls that end from now on. Its metadata come at once, and say where it begins. Dropping it ends it.
pub async fn watch(channel: Channel, token: &str) -> Result<(String, Streaming<ActivityEvent>), Box<dyn Error>> {
    let wanted = ActivityConnectRequest { types: vec![ActivityType::RequestProxied as i32], ..Default::default() };
    let answer = ActivityClient::new(channel).connect(with_token(wanted, token)?).await?;
    let cursor = answer.metadata().get("x-postern-cursor").ok_or("the stream does not say where it begins")?;
    Ok((cursor.to_str()?.to_owned(), answer.into_inner()))
}

/// An account service behind the hub, which is called by its host name. This method needs no token.
pub async fn register(channel: Channel, email: &str, wait: Duration) -> Result<RegisterResponse, Box<dyn Error>> {
    let mut request = Request::new(RegisterRequest { email: email.to_owned() });
    request.set_timeout(wait);
    let mut accounts = AccountAuthenticationServiceClient::new(channel);
    Ok(accounts.user_register_request(request).await?.into_inner())
}

/// Ends a registration; the answer has a token for the hub's other services.
pub async fn confirm(
    channel: Channel,
    email: String,
    code: String,
    wait: Duration,
) -> Result<RegisterConfirmResponse, Box<dyn Error>> {
    let proof = RegisterConfirmRequest { email, the_verify_code_the_user_need_to_send_back: code };
    let mut request = Request::new(proof);
    request.set_timeout(wait);
    let mut accounts = AccountAuthenticationServiceClient::new(channel);
    Ok(accounts.user_register_confirm(request).await?.into_inner())
}

/// What went wrong. `x-postern-error` is the hub's word; without it the server has spoken, or the network.
pub fn why(status: &Status) -> String {
    let code = status.metadata().get("x-postern-error").and_then(|value| value.to_str().ok());
    format!("{:?} {}: {}", status.code(), code.unwrap_or("-"), status.message())
}
