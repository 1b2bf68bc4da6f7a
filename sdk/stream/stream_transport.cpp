#include "stream/stream_transport.h"

#include <unistd.h>

namespace sara::stream {

StreamTransport::StreamTransport(const sara_host* host, std::string meter_prefix)
    : prefix_(std::move(meter_prefix)) {
    context_.host = host;
    context_.api = table();
    context_.self = this;
}

StreamTransport::~StreamTransport() { closeListeners(); }

bool StreamTransport::prepare(std::string& error) {
    const sara_host* h = context_.host;
    context_.loop = static_cast<const sara_loop*>(h->get_extension(h, SARA_EXT_LOOP));
    context_.gate = static_cast<const sara_gate*>(h->get_extension(h, SARA_EXT_GATE));
    context_.metrics = static_cast<const sara_metrics*>(h->get_extension(h, SARA_EXT_METRICS));
    context_.log = static_cast<const sara_log*>(h->get_extension(h, SARA_EXT_LOG));
    if (context_.loop == nullptr || context_.gate == nullptr) {
        error = "the server has no sara.loop/1 or no sara.gate/1";
        return false;
    }
    if (h->loop_count == 0 || h->loop_count > ConnectionTable::kLoopsMax) {
        error = "this transport works with 1 to 256 loops";
        return false;
    }
    context_.loops.assign(h->loop_count, nullptr);
    loops_.resize(h->loop_count);
    const auto define = [this, h](uint32_t& meter, const char* name, const char* help) {
        if (context_.metrics == nullptr) return;
        meter = context_.metrics->define(h, SARA_COUNTER, str(prefix_ + name), str(help));
    };
    StreamMeters& m = context_.meters;
    define(m.accepted, "_connections_accepted_total", "Connections accepted");
    define(m.accept_errors, "_accept_errors_total", "Connections that could not be accepted");
    define(m.refused, "_connections_refused_total",
           "Connections closed because the server refused them");
    define(m.tls_failures, "_tls_handshake_failures_total", "TLS handshakes that failed");
    define(m.bytes_in, "_bytes_in_total", "Bytes read, after TLS");
    define(m.bytes_out, "_bytes_out_total", "Bytes written, before TLS");
    define(m.frames_in, "_frames_in_total", "Packets received");
    define(m.frames_out, "_frames_out_total", "Packets queued for clients");
    define(m.violations, "_transport_violations_total", "Inputs that broke the framing");
    define(m.moves, "_connection_moves_total", "Connections carried to another loop");
    define(m.moves_failed, "_connection_moves_failed_total",
           "Connections lost on the way to another loop");
    define(m.drain_cut, "_drain_cut_total", "Closing connections that were cut by a limit");
    define(m.no_memory, "_no_memory_total", "Times that memory was exhausted");
    return true;
}

uint32_t StreamTransport::addListener(std::string word, TlsContext tls) {
    context_.listeners.push_back({std::move(word), std::move(tls), -1, {}});
    return static_cast<uint32_t>(context_.listeners.size() - 1);
}

void StreamTransport::loopStart(uint32_t loop) {
    loops_[loop] = std::make_unique<StreamLoop>(context_, makeFraming(loop), loop);
    context_.loops[loop] = loops_[loop].get();
}

void StreamTransport::loopStop(uint32_t loop) {
    if (loop == 0) closeListeners();
    if (loops_[loop]) loops_[loop]->stop();
}

bool StreamTransport::bind(uint32_t listener, const ListenOptions& options, std::string& error) {
    StreamListener& l = context_.listeners[listener];
    l.fd = openListenSocket(options, l.at, error);
    return l.fd >= 0;
}

bool StreamTransport::open(std::string& error) {
    if (context_.loop->post(context_.host, 0, onOpen, this) == SARA_OK) return true;
    error = "loop 0 takes no post";
    return false;
}

void StreamTransport::onOpen(void* self_ptr) noexcept {
    StreamTransport& self = *static_cast<StreamTransport*>(self_ptr);
    std::vector<StreamListener>& listeners = self.context_.listeners;
    for (uint32_t i = 0; i < listeners.size(); ++i) {
        if (listeners[i].fd < 0) continue;
        auto a = std::make_unique<Acceptor>(self.context_, *self.loops_[0], i, listeners[i].fd);
        listeners[i].fd = -1;  // the acceptor's now
        if (!a->start()) {
            self.context_.say(SARA_LOG_ERROR, "no connections on " + listeners[i].at +
                                                  ": the loop refused the listening socket");
        }
        self.acceptors_.push_back(std::move(a));
    }
}

void StreamTransport::drain() {
    // When the mailbox is full the gate still refuses newcomers, and loopStop() closes the sockets.
    (void)context_.loop->post(context_.host, 0, onDrain, this);
}

void StreamTransport::onDrain(void* self) noexcept {
    static_cast<StreamTransport*>(self)->closeListeners();
}

void StreamTransport::closeListeners() noexcept {
    acceptors_.clear();
    for (StreamListener& l : context_.listeners) {
        if (l.fd >= 0) ::close(l.fd);
        l.fd = -1;
    }
}

std::string StreamTransport::status() const {
    std::string text;
    for (const StreamListener& l : context_.listeners) {
        if (l.at.empty()) continue;
        if (!text.empty()) text += ", ";
        text += l.word + " " + l.at;
    }
    return text;
}

sara_status StreamTransport::send(void* self, sara_id conn, const sara_str* pieces, uint32_t n,
                                  uint64_t* end_offset) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    if (c == nullptr) return SARA_E_CLOSED;
    if (!loop->send(*c, pieces, n)) return SARA_E_NOMEM;
    if (end_offset != nullptr) *end_offset = c->out.endOffset();
    return SARA_OK;
}

sara_status StreamTransport::control(void* self, sara_id conn, uint32_t control) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    if (c == nullptr) return SARA_E_CLOSED;
    return loop->control(*c, control) ? SARA_OK : SARA_E_INVALID;
}

void StreamTransport::close(void* self, sara_id conn, sara_str reason,
                            uint32_t flush_ms) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    if (c != nullptr) loop->close(*c, {reason.ptr, static_cast<size_t>(reason.len)}, flush_ms);
}

void StreamTransport::pauseRead(void* self, sara_id conn, int32_t on) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    if (c != nullptr) loop->pause(*c, on != 0);
}

uint64_t StreamTransport::queuedBytes(void* self, sara_id conn) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    const Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    return c != nullptr ? c->out.queued() : 0;
}

uint64_t StreamTransport::written(void* self, sara_id conn) SARA_NOEXCEPT {
    StreamLoop* loop = nullptr;
    const Connection* c = static_cast<StreamTransport*>(self)->find(conn, &loop);
    return c != nullptr ? c->out.written() : 0;
}

const sara_transport* StreamTransport::table() {
    static const sara_transport t = {
        sizeof(sara_transport), 0, send, control, close, pauseRead, queuedBytes, written,
    };
    return &t;
}

}  // namespace sara::stream
