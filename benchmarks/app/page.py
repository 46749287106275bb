"""The page: gradio's widgets, each bound to an action. Nothing on it comes from outside this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from benchmarks.app import view
from benchmarks.app.actions import Actions, Session
from rad.errors import RadError

POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"  # gradio's own files, and nobody else's
HEAD = f"""<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="referrer" content="no-referrer">"""
FONTS, FIXED = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")  # the reader's own
AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
LOCAL: dict[str, Any] = {  # on this machine alone, and nothing that gradio offers beside the page
    **{"server_name": "127.0.0.1", "share": False, "inbrowser": False, "quiet": True, "prevent_thread_lock": True},
    **{"ssr_mode": False, "pwa": False, "mcp_server": False, "enable_monitoring": False, "run_history": False},
    "footer_links": [],
}
SMALL: dict[str, Any] = {"size": "sm", "min_width": 60}
FIELD: dict[str, Any] = {"show_label": False, "container": False, "max_lines": 1, "scale": 4, "min_width": 120}


def blocks(actions: Actions) -> gr.Blocks:
    """The page over some actions."""
    script = (view.HERE / "page.js").read_text(encoding="utf-8")
    with gr.Blocks(title="RAD: argue with a recommendation", analytics_enabled=False) as page:
        out: dict[str, Any] = {"about": gr.HTML(elem_classes="rad-plain")}
        with gr.Row(elem_classes="rad-pick"):
            who = gr.Textbox(label="User", placeholder="User: a number, or how an id begins", **FIELD)
            earlier, later, some = (gr.Button(words, **SMALL) for words in ("Previous", "Next", "Any"))
        with gr.Accordion("Or paste a history", open=False, elem_classes="rad-paste"):
            label = "One purchase a line, oldest first: a title or an id, perhaps with | and a rating"
            history = gr.Textbox(label=label, lines=4, max_lines=12)
            paste = gr.Button("Rank for this history", **SMALL)
        out["message"] = gr.HTML(elem_classes=["rad-plain", "rad-status"])
        with gr.Row(elem_classes="rad-columns"):
            with gr.Column(elem_classes="rad-left"):
                out["history"] = gr.HTML(elem_classes="rad-plain")
                out["facts"] = gr.HTML(js_on_load=script, elem_classes="rad-plain")
            with gr.Column(elem_classes="rad-middle"):
                out["rationale"] = gr.HTML(js_on_load=script, elem_classes="rad-plain")
                adder = gr.HTML(view.adder(actions), js_on_load=script, elem_classes="rad-plain")
                with gr.Row():
                    undo, reset = (gr.Button(words, **SMALL) for words in ("Undo", "Reset"))
                    keep = gr.Button("Keep as feedback", variant="primary", size="sm", min_width=140)
                with gr.Column(elem_classes="rad-text"):
                    out["text"] = gr.Textbox(label="The text is the rationale: edit it", lines=5, max_lines=14)
                    reword = gr.Button("Rank from this text", **SMALL)
            with gr.Column(elem_classes="rad-right"):
                out["ranking"] = gr.HTML(js_on_load=script, elem_classes="rad-plain")
        state = gr.State(Session())

        def shown(session: Session) -> list[Any]:
            panels = view.rendered(actions, session)
            return [session, *(panels[name] for name in out)]

        def bind(listen: Callable[..., Any], do: Callable[..., Session], *inputs: Any) -> None:
            def handler(session: Session, *words: Any) -> list[Any]:
                return shown(do(session, *words))

            listen(handler, [state, *inputs], [state, *out.values()], **AT_ONCE)

        def edit(session: Session, event: gr.EventData) -> list[Any]:
            what = event._data if isinstance(event._data, dict) else {}
            return shown(actions.edit(session, str(what.get("kind")), what))

        bind(page.load, lambda session: actions.step(session, 0))
        bind(who.submit, actions.pick, who)
        bind(earlier.click, lambda session: actions.step(session, -1))
        bind(later.click, lambda session: actions.step(session, 1))
        bind(some.click, actions.draw)
        bind(paste.click, actions.paste, history)
        for control in (out["rationale"], out["facts"], adder):
            control.submit(edit, [state], [state, *out.values()], **AT_ONCE)
        bind(reword.click, actions.reword, out["text"])
        bind(undo.click, actions.undo)
        bind(reset.click, actions.reset)
        bind(keep.click, actions.keep)
    return page


def launch(page: gr.Blocks, port: int | None, wait: bool = True) -> str:
    """Serve the page on this machine alone, until it is interrupted or, without ``wait``, as long as the process lives.

    Args:
        page: What :func:`blocks` made.
        port: Where; None: the first free one from 7860 on.
        wait: Until it is interrupted.

    Returns:
        Its address.

    Raises:
        RadError: The port is taken, or the server did not start.
    """
    style = (view.HERE / "page.css").read_text(encoding="utf-8")
    theme = gr.themes.Default(font=FONTS, font_mono=FIXED, primary_hue="indigo")
    try:
        _, address, _ = page.launch(**LOCAL, server_port=port, theme=theme, css=style, head=HEAD)
    except OSError as error:
        ports = f"port {port}" if port else "ports 7860 to 7959"
        late = "taken, or too busy a machine for the page to start within five seconds"
        raise RadError(f"{ports}: {late}; choose another with --port, or try again") from error
    if wait:
        print(f"open {address} in a browser; Ctrl-C ends it", flush=True)
        page.block_thread()
    return str(address)
