#include "boot/talk_session.h"

#include <Poco/JSON/Parser.h>
#include <Poco/Net/NetException.h>
#include <Poco/Timestamp.h>
#include <Poco/UUIDGenerator.h>

#include <array>
#include <sstream>
#include <utility>

namespace sara::boot {
namespace {

constexpr char kFrameEnd = '\x01';
constexpr char kHeartbeat = '\x02';
constexpr char kReplaced = '\x03';
// More than any server sends in one reply by default (limits.delay_bytes_max is 16 MiB).
constexpr size_t kFrameBytesMax = 64u << 20;

using Object = Poco::JSON::Object;

std::string newId() { return Poco::UUIDGenerator::defaultGenerator().createRandom().toString(); }

std::string toText(const Object& object) {
    std::ostringstream out;
    object.stringify(out);
    return out.str();
}

std::string textOf(const Object::Ptr& object, const std::string& name) {
    if (object.isNull() || !object->has(name) || object->isNull(name)) return "";
    return object->get(name).toString();
}

int typeOf(const Object::Ptr& envelope) {
    const std::string text = textOf(envelope, "type");
    return text.empty() ? -1 : std::atoi(text.c_str());
}

uint64_t nowMs() { return static_cast<uint64_t>(Poco::Timestamp().epochMicroseconds() / 1000); }

uint64_t timeOf(const Object::Ptr& envelope) {
    const std::string ct = textOf(envelope, "ct");
    const uint64_t ms = ct.empty() ? 0 : std::strtoull(ct.c_str(), nullptr, 10);
    return ms != 0 ? ms : nowMs();
}

}  // namespace

TalkSession::TalkSession(Poco::Net::StreamSocket socket, TalkOptions options, Sink sink)
    : socket_(std::move(socket)), options_(std::move(options)), sink_(std::move(sink)) {}

void TalkSession::login() {
    login_id_ = newId();
    Object envelope(Poco::JSON_PRESERVE_KEY_ORDER);
    envelope.set("id", login_id_);
    envelope.set("type", 0);
    envelope.set("jid", options_.as);
    envelope.set("pwd", options_.password);
    Object packet(Poco::JSON_PRESERVE_KEY_ORDER);
    packet.set("envelope", envelope);
    packet.set("vsn", "0.0.1");
    send(toText(packet));
}

void TalkSession::say(const std::string& text) {
    const std::string id = newId();
    Object envelope(Poco::JSON_PRESERVE_KEY_ORDER);
    envelope.set("id", id);
    envelope.set("type", 1);
    envelope.set("from", options_.as);
    envelope.set("to", options_.to);
    envelope.set("ack", 1);
    Object payload;
    payload.set("content", text);
    Object packet(Poco::JSON_PRESERVE_KEY_ORDER);
    packet.set("envelope", envelope);
    packet.set("payload", payload);
    packet.set("vsn", "0.0.1");
    waiting_.emplace(id, text);
    send(toText(packet));
}

void TalkSession::heartbeat() {
    heartbeat_open_ = true;
    send(std::string(1, kHeartbeat));
}

void TalkSession::acknowledge(const std::string& id) {
    Object envelope(Poco::JSON_PRESERVE_KEY_ORDER);
    envelope.set("id", id);
    envelope.set("from", options_.as);
    envelope.set("to", "server_ack");
    envelope.set("type", 3);
    Object packet;
    packet.set("envelope", envelope);
    send(toText(packet));
}

void TalkSession::send(const std::string& body) {
    const std::string frame = body + kFrameEnd;
    size_t done = 0;
    while (done < frame.size()) {
        const int n = socket_.sendBytes(frame.data() + done, static_cast<int>(frame.size() - done));
        if (n <= 0) throw Poco::Net::ConnectionResetException("the server closed the connection");
        done += static_cast<size_t>(n);
    }
}

void TalkSession::read() {
    std::array<char, 16384> chunk{};
    do {
        int n = 0;
        try {
            n = socket_.receiveBytes(chunk.data(), static_cast<int>(chunk.size()));
        } catch (const Poco::TimeoutException&) {
            return;  // TLS: a record without data for us, such as a session ticket
        }
        if (n <= 0) {
            if (state_ != State::kRefused && state_ != State::kReplaced) {
                state_ = State::kClosed;
                reason_ = "the server closed the connection";
            }
            return;
        }
        size_t from = buffer_.size();
        buffer_.append(chunk.data(), static_cast<size_t>(n));
        size_t start = 0;
        for (size_t end = buffer_.find(kFrameEnd, from); end != std::string::npos;
             end = buffer_.find(kFrameEnd, start)) {
            handle(std::string_view(buffer_).substr(start, end - start));
            start = end + 1;
        }
        buffer_.erase(0, start);
        if (buffer_.size() > kFrameBytesMax) {
            throw Poco::DataFormatException("the server sent a frame above 64 MiB");
        }
    } while (socket_.available() > 0);
}

void TalkSession::handle(std::string_view frame) {
    if (frame.empty()) return;
    if (frame[0] == kHeartbeat) {
        heartbeat_open_ = false;
        return;
    }
    if (frame[0] == kReplaced) {
        state_ = State::kReplaced;
        reason_ = options_.as + " logged in somewhere else";
        return;
    }
    Object::Ptr packet;
    try {
        Poco::JSON::Parser parser;
        packet = parser.parse(std::string(frame)).extract<Object::Ptr>();
    } catch (const Poco::Exception& e) {
        notice("the server sent something that is not a packet: " + e.displayText());
        return;
    }
    const Object::Ptr envelope = packet->getObject("envelope");
    if (typeOf(envelope) == 0 && state_ == State::kLoggingIn) {
        onLoginReply(packet);
    } else {
        onPacket(packet, false);
    }
}

void TalkSession::onLoginReply(const Object::Ptr& packet) {
    const Object::Ptr entity = packet->getObject("entity");
    if (textOf(entity, "result") != "ok") {
        state_ = State::kRefused;
        reason_ = textOf(entity, "reason");
        return;
    }
    state_ = State::kOnline;
    const Object::Ptr delay = packet->getObject("delay");
    const Poco::JSON::Array::Ptr packets =
        delay.isNull() ? Poco::JSON::Array::Ptr() : delay->getArray("packets");
    const size_t count = packets.isNull() ? 0 : packets->size();
    notice("logged in as " + options_.as + ", " + std::to_string(count) +
           (count == 1 ? " message waited" : " messages waited"));
    for (size_t i = 0; i < count; ++i) {
        const Object::Ptr waited = packets->getObject(static_cast<unsigned>(i));
        if (!waited.isNull()) onPacket(waited, true);
    }
    // Printed first, acknowledged then: what was never shown comes again.
    acknowledge(textOf(packet->getObject("envelope"), "id"));
}

void TalkSession::onPacket(const Object::Ptr& packet, bool waited) {
    const Object::Ptr envelope = packet->getObject("envelope");
    const std::string id = textOf(envelope, "id");
    const std::string from = textOf(envelope, "from");
    const int type = typeOf(envelope);
    if (type == 3 && (from.empty() || from == "server_ack")) {
        const auto it = waiting_.find(id);
        if (it == waiting_.end()) return;
        sink_({TalkLine::Kind::kAccepted, timeOf(envelope), options_.to, it->second});
        waiting_.erase(it);
        return;
    }
    const Object::Ptr entity = packet->getObject("entity");
    if (type == 4 && textOf(entity, "result") == "sys_notify") {
        const auto it = waiting_.find(id);
        notice(textOf(entity, "reason") + (it == waiting_.end() ? "" : ": " + it->second));
        if (it != waiting_.end()) {
            waiting_.erase(it);
            ++refused_;
        }
        return;
    }
    std::string text;
    if (packet->isObject("payload")) text = textOf(packet->getObject("payload"), "content");
    if (text.empty()) text = toText(*packet);
    sink_({waited ? TalkLine::Kind::kWaited : TalkLine::Kind::kMessage, timeOf(envelope), from,
           text});
    if (!waited && textOf(envelope, "ack") == "1") acknowledge(id);
}

void TalkSession::notice(const std::string& text) {
    sink_({TalkLine::Kind::kNotice, nowMs(), "", text});
}

}  // namespace sara::boot
