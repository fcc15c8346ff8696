//! The desktop shell: one window around the user interface, and the native things only a window has
//! (dialogs, dropped folders, notifications, `kitops://` links, one instance). How anything works is
//! the engine's business; the page reaches it through the one command in [`bridge`].

// A release build on Windows opens no console beside the window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod arguments;
mod bridge;
mod links;
mod native;
mod notices;
mod rendering;
mod window;

use arguments::{Arguments, Intent};
use bridge::Bridge;
use tauri::Manager;

fn main() {
    rendering::choose();
    let intent = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Arguments::Open(intent)) => intent,
        Ok(Arguments::Help) => {
            print!("{}", arguments::HELP);
            return;
        }
        Ok(Arguments::Version) => {
            println!("kitbench-desktop {}", env!("CARGO_PKG_VERSION"));
            return;
        }
        Err(message) => {
            eprintln!("kitbench-desktop: {message}");
            std::process::exit(2);
        }
    };
    if let Err(error) = run(intent) {
        eprintln!("kitbench-desktop: {error:#}");
        std::process::exit(1);
    }
}

fn run(intent: Intent) -> anyhow::Result<()> {
    // The single-instance plugin comes first: a second start must end before it has done anything.
    let app = tauri::Builder::default()
        .plugin(
            tauri_plugin_single_instance::Builder::new()
                .dbus_id(window::instance_name())
                .callback(|app, arguments, folder| {
                    let arguments = arguments.into_iter().skip(1).map(Into::into);
                    if let Ok(Arguments::Open(intent)) = Arguments::parse(arguments) {
                        intent.relative_to(folder.as_ref()).show_in(app);
                    }
                    window::bring_to_front(app);
                })
                .build(),
        )
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .invoke_handler(tauri::generate_handler![bridge::bridge])
        .setup(move |app| {
            app.manage(Bridge::start(app.handle(), intent));
            links::listen(app.handle());
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|_, _| {});
    Ok(())
}
