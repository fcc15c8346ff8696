//! The connection to the engine: who may open it, calls and answers, events, the end.

use std::time::Duration;

use crate::common::{Door, open};
use futures_util::{SinkExt, StreamExt};
use kitbench_protocol::{
    AddProject, Answer, AppInfo, Call, ClientFrame, Door as DoorKind, ErrorKind, Event, EventKind,
    GetApp, ListProjects, PROTOCOL_VERSION, PickFolder, ProjectRow, ServerFrame, SetSettings,
    Settings, decode, encode,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(door: &Door, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{}{path}", door.address)
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// As the page does it.
async fn connected(door: &Door) -> Socket {
    let cookie = door.cookie().await;
    let origin = format!("http://{}", door.address);
    connect(door, "/ws", &[("Cookie", &cookie), ("Origin", &origin)])
        .await
        .unwrap()
}

async fn frame(socket: &mut Socket) -> ServerFrame {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
        match message
            .expect("a message in time")
            .expect("a message")
            .unwrap()
        {
            Message::Binary(bytes) => return decode(&bytes).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn send<C: Call>(socket: &mut Socket, id: u64, call: C) {
    let frame = ClientFrame {
        id,
        request: call.into(),
    };
    socket
        .send(Message::Binary(encode(&frame).into()))
        .await
        .unwrap();
}

/// Calls and waits for the answer; events that come before it are kept.
async fn call<C: Call>(
    socket: &mut Socket,
    id: u64,
    call: C,
    events: &mut Vec<Event>,
) -> Answer<C::Reply> {
    send(socket, id, call).await;
    loop {
        match frame(socket).await {
            ServerFrame::Reply {
                id: answered,
                answer,
            } => {
                assert_eq!(answered, id);
                return decode(&answer).unwrap();
            }
            ServerFrame::Event(event) => events.push(event),
        }
    }
}

#[tokio::test]
async fn the_socket_opens_for_our_own_page_only() {
    let door = open().await;
    let cookie = door.cookie().await;
    let own = format!("http://{}", door.address);
    assert_eq!(connect(&door, "/ws", &[]).await.err(), Some(403));
    assert_eq!(
        connect(&door, "/ws", &[("Origin", &own)]).await.err(),
        Some(403)
    );
    // Another program on this computer, in the same browser: the cookie comes along.
    for foreign in ["http://127.0.0.1:1", "http://evil.example", "null"] {
        let headers = [("Cookie", cookie.as_str()), ("Origin", foreign)];
        assert_eq!(
            connect(&door, "/ws", &headers).await.err(),
            Some(403),
            "{foreign}"
        );
    }
    assert_eq!(
        connect(&door, "/ws", &[("Cookie", &cookie)]).await.err(),
        Some(403)
    );
    let rebound = [
        ("Host", "evil.example"),
        ("Cookie", &cookie),
        ("Origin", "http://evil.example"),
    ];
    assert_eq!(connect(&door, "/ws", &rebound).await.err(), Some(403));
    assert!(
        connect(&door, "/ws", &[("Cookie", &cookie), ("Origin", &own)])
            .await
            .is_ok()
    );
    // A program that is no browser shows the token itself.
    let path = format!("/ws?token={}", door.token);
    assert!(connect(&door, &path, &[]).await.is_ok());
    assert_eq!(
        connect(&door, &path, &[("Origin", "http://evil.example")])
            .await
            .err(),
        Some(403)
    );
    // The path is no page.
    assert_eq!(
        door.get("/ws", &[("Cookie", &cookie), ("Origin", &own)])
            .await
            .status,
        426
    );
}

#[tokio::test]
async fn calls_are_answered_by_the_engine() {
    let door = open().await;
    let mut socket = connected(&door).await;
    let mut events = Vec::new();
    let info: AppInfo = call(&mut socket, 1, GetApp, &mut events).await.unwrap();
    assert_eq!(
        (info.protocol_version, info.door),
        (PROTOCOL_VERSION, DoorKind::Browser)
    );
    let projects: Vec<ProjectRow> = call(&mut socket, 2, ListProjects, &mut events)
        .await
        .unwrap();
    assert!(projects.is_empty());
    // An error is an answer too.
    let title = "Folder".to_owned();
    let error = call(&mut socket, 3, PickFolder { title }, &mut events)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    let path = "/no/such/folder".to_owned();
    let error = call(&mut socket, 4, AddProject { path }, &mut events)
        .await
        .unwrap_err();
    assert!(error.message.contains("/no/such/folder"), "{error}");
}

#[tokio::test]
async fn many_calls_are_under_way_at_once() {
    let door = open().await;
    let mut socket = connected(&door).await;
    for id in 0..200 {
        send(&mut socket, id, GetApp).await;
    }
    let mut answered = Vec::new();
    while answered.len() < 200 {
        if let ServerFrame::Reply { id, answer } = frame(&mut socket).await {
            decode::<Answer<AppInfo>>(&answer).unwrap().unwrap();
            answered.push(id);
        }
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_tab_gets_every_event_in_order() {
    let door = open().await;
    let (mut one, mut other) = (connected(&door).await, connected(&door).await);
    let mut events = Vec::new();
    // Both are subscribed once they are answered.
    call(&mut one, 1, GetApp, &mut events).await.unwrap();
    call(&mut other, 1, GetApp, &mut events).await.unwrap();
    events.clear();
    call(&mut one, 2, SetSettings(Settings::default()), &mut events)
        .await
        .unwrap();
    door.engine
        .tell(EventKind::LinkOpened("kitops://a/b:1".into()));
    let last = EventKind::LinkOpened("kitops://a/b:2".into());
    door.engine.tell(last.clone());
    for (socket, mut seen) in [(&mut one, events), (&mut other, Vec::new())] {
        while seen.last().is_none_or(|event: &Event| event.what != last) {
            if let ServerFrame::Event(event) = frame(socket).await {
                seen.push(event);
            }
        }
        assert!(
            seen.iter().any(|event| event.what == EventKind::Settings),
            "{seen:?}"
        );
        for pair in seen.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence + 1, "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_tab_that_does_not_read_is_cut_off_and_the_others_go_on() {
    let door = open().await;
    let mut slow = connected(&door).await;
    let mut quick = connected(&door).await;
    let mut events = Vec::new();
    call(&mut slow, 1, GetApp, &mut events).await.unwrap();
    call(&mut quick, 1, GetApp, &mut events).await.unwrap();
    // More than the buffers of a loopback connection take, read by one of the two.
    let text = "x".repeat(64 * 1024);
    for number in 0..2_000 {
        door.engine
            .tell(EventKind::LinkOpened(format!("{number}{text}")));
        while let ServerFrame::Event(event) = frame(&mut quick).await {
            if matches!(&event.what, EventKind::LinkOpened(link) if link.starts_with(&number.to_string()))
            {
                break;
            }
        }
    }
    // What was on its way still comes, then the end.
    let mut received = 0;
    let ended = loop {
        match tokio::time::timeout(Duration::from_secs(20), slow.next())
            .await
            .unwrap()
        {
            Some(Ok(Message::Binary(_))) => received += 1,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => break other,
        }
    };
    assert!(received < 2_000, "{received}");
    assert!(!matches!(ended, Some(Ok(Message::Text(_)))), "{ended:?}");
    // It connects again and asks anew.
    let mut again = connected(&door).await;
    call(&mut again, 1, GetApp, &mut events).await.unwrap();
    call(&mut quick, 2, GetApp, &mut events).await.unwrap();
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_nothing_else() {
    let door = open().await;
    for nonsense in [
        Message::Binary(vec![0xc1, 1, 2].into()),
        Message::Text("hello".into()),
    ] {
        let mut socket = connected(&door).await;
        socket.send(nonsense).await.unwrap();
        let Some(Ok(Message::Close(Some(why)))) = socket.next().await else {
            panic!("no reason given");
        };
        assert!(why.reason.contains("reload"), "{why}");
    }
    let mut events = Vec::new();
    call(&mut connected(&door).await, 1, GetApp, &mut events)
        .await
        .unwrap();
}

#[tokio::test]
async fn stopping_tells_the_tabs_and_frees_the_port() {
    let mut door = open().await;
    let mut socket = connected(&door).await;
    let mut events = Vec::new();
    call(&mut socket, 1, GetApp, &mut events).await.unwrap();
    let told = tokio::spawn(async move {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(why))) => return why,
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    door.close().await;
    let why = told.await.unwrap().expect("a reason");
    assert!(why.reason.contains("stopping"), "{why}");
    assert!(TcpStream::connect(door.address).await.is_err());
}
