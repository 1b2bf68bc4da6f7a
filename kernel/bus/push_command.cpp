#include "bus/push_command.h"

#include <algorithm>
#include <memory>

#include "chat/groups.h"
#include "chat/json_scan.h"
#include "chat/replies.h"
#include "loop/buffer_pool.h"
#include "sara/jid.hpp"

namespace sara::bus {
namespace {

constexpr size_t kPaddingBytes = 64;  // what the readers may touch behind a text
constexpr uint32_t kTypeMax = 999'999'999;
constexpr uint32_t kTypeChat = 1;
constexpr uint32_t kTypeGroup = 2;

bool number(std::string_view digits, uint32_t max, uint32_t* out) {
    if (digits.empty() || digits.size() > 9) return false;
    uint32_t v = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return false;
        v = v * 10 + static_cast<uint32_t>(c - '0');
    }
    *out = v;
    return v <= max;
}

// A jid, or the name of a service such as "server".
bool validFrom(std::string_view from) {
    if (from.find('@') != std::string_view::npos) return Jid::parse(from).has_value();
    return Jid::parse(std::string(from) + "@service").has_value();
}

void member(std::string& out, std::string_view name, std::string_view text) {
    if (out.back() != '{') out.push_back(',');
    out.append(1, '"').append(name).append("\":\"");
    chat::appendEscaped(text, out);
    out.push_back('"');
}

sara_status statusOf(chat::Outcome outcome, std::string_view reason) {
    switch (outcome) {
        case chat::Outcome::kStoreError:
            return SARA_E_IO;
        case chat::Outcome::kBacklogFull:
            return SARA_E_FULL;
        case chat::Outcome::kBusy:
            return SARA_E_AGAIN;
        default:
            return reason == "group_notfound" ? SARA_E_NOTFOUND : SARA_E_DENIED;
    }
}

}  // namespace

// The caller's parameters. What travels on is kept as it was written.
struct PushCommand::Params {
    std::string to, gid, domain;
    std::string from = "server";
    std::string_view payload, entity, pubsub;  // JSON
    uint32_t type = 0;
    uint32_t ack = 1;
    std::string_view wrong;  // the first parameter that is not what it must be

    static Params read(std::string_view text, uint32_t depth_max);
    void check();

  private:
    void take(std::string_view name, std::string_view value);
};

void PushCommand::Params::take(std::string_view name, std::string_view value) {
    std::string* text = name == "to"       ? &to
                        : name == "gid"    ? &gid
                        : name == "domain" ? &domain
                        : name == "from"   ? &from
                                           : nullptr;
    bool right = true;
    if (text != nullptr) {
        text->clear();
        right = value.starts_with('"');
        if (right) chat::appendUnescaped(value, *text);
    } else if (name == "type") {
        right = number(value, kTypeMax, &type) && type != 0;  // 0 is the login, not a message
    } else if (name == "ack") {
        right = number(value, 1, &ack);
    } else if (name == "payload") {
        payload = value;
    } else if (name == "entity") {
        entity = value;
    } else if (name == "pubsub") {
        pubsub = value;
    }
    if (!right && wrong.empty()) wrong = name;
}

PushCommand::Params PushCommand::Params::read(std::string_view text, uint32_t depth_max) {
    Params params;
    const char* const end = text.data() + text.size();
    const char* next = chat::takeChar(text.data(), end, '{');
    while (next != nullptr) {
        const char* p = chat::takeChar(next, end, '"');
        if (p == nullptr) break;
        const chat::JsonString name = chat::scanString(p, end);
        if (name.end == nullptr || name.escaped) break;
        const std::string_view key(p, static_cast<size_t>(name.end - p) - 1);
        p = chat::takeChar(name.end, end, ':');
        if (p == nullptr) break;
        p = chat::skipSpace(p, end);
        const char* const behind = p == end ? nullptr : chat::scanValue(p, end, depth_max);
        if (behind == nullptr) break;
        params.take(key, {p, static_cast<size_t>(behind - p)});
        next = chat::takeChar(behind, end, ',');
        if (next != nullptr) continue;
        p = chat::takeChar(behind, end, '}');
        if (p == nullptr || chat::skipSpace(p, end) != end) break;
        params.check();
        return params;
    }
    params.wrong = "to";  // not even an object: nobody to send it to
    return params;
}

void PushCommand::Params::check() {
    if (!wrong.empty()) return;
    if (gid.empty()) {
        if (!Jid::parse(to)) wrong = "to";
        if (type == 0) type = kTypeChat;
    } else {
        if (!chat::Groups::validGid(gid)) wrong = "gid";
        if (!Jid::parse("x@" + domain) || domain.find('/') != std::string::npos) wrong = "domain";
        if (!to.empty()) wrong = "to";  // one or the other
        if (type == 0) type = kTypeGroup;
    }
    if (!validFrom(from)) wrong = "from";
}

// A push that has no answer yet.
struct PushCommand::Waiting {
    PushCommand* self;
    sara_id token;
    std::string id;  // of the packet; empty for a group, whose copies have ids of their own
};

PushCommand::PushCommand(chat::RoomWorld& world, RpcCommands& commands)
    : world_(world), commands_(commands) {
    commands.add("emsg_message", "push",
                 "sends a packet; params: to, or gid and domain; payload, type, from, ack", &onPush,
                 this);
}

void PushCommand::answer(sara_id token, sara_status st, std::string_view name,
                         std::string_view value) {
    std::string json = "{";
    member(json, name, value);
    json.push_back('}');
    loop::Buffer* buffer = value.empty() ? nullptr : loop::newBuffer(json.size());
    if (buffer != nullptr) std::copy(json.begin(), json.end(), buffer->bytes());
    // Stale: the caller did not wait.
    (void)commands_.reply(token, st, reinterpret_cast<sara_buf*>(buffer));
    loop::unrefBuffer(buffer);
}

chat::Packet PushCommand::packetOf(const Params& p, std::string_view id) {
    char ct[chat::kStampDigits];
    const uint64_t now = loop::EventLoop::current()->wallMs();
    chat::writeStamp(now, ct);
    std::string text = "{\"envelope\":{";
    member(text, "id", id);
    member(text, "from", p.from);
    if (p.gid.empty()) member(text, "to", p.to);
    text += ",\"type\":" + std::to_string(p.type);
    if (p.ack != 0) text += ",\"ack\":1";
    member(text, "ct", {ct, sizeof ct});
    if (!p.gid.empty()) member(text, "gid", p.gid);
    text.push_back('}');
    if (!p.payload.empty()) text.append(",\"payload\":").append(p.payload);
    if (!p.entity.empty()) text.append(",\"entity\":").append(p.entity);
    if (!p.pubsub.empty()) text.append(",\"pubsub\":").append(p.pubsub);
    text += ",\"vsn\":\"0.0.1\"}";
    const size_t size = text.size();
    text.append(kPaddingBytes, '\0');
    chat::EnvelopeReader reader(world_.settings.json_depth_max);
    chat::Envelope e;
    // What a client may not send, a backend may not either: bad UTF-8, too deep, too large.
    if (size > world_.settings.frame_bytes_max || !reader.read({text.data(), size}, e)) return {};
    chat::Packet packet = chat::buildPacket({text.data(), size}, e, {});
    if (!packet) return packet;
    chat::PacketFacts& facts = packet.facts();
    facts.ct_ms = now;
    const auto bareLength = [](std::string_view jid) {
        return static_cast<uint16_t>(std::min(jid.find('/'), jid.size()));
    };
    facts.from_bare_len = bareLength(p.from);
    facts.to_bare_len = bareLength(p.to);
    return packet;
}

void PushCommand::onPush(void* self, sara_id token, sara_buf* params) noexcept {
    std::string text(reinterpret_cast<const char*>(params->data), params->len);
    text.append(kPaddingBytes, '\0');
    static_cast<PushCommand*>(self)->push(token, {text.data(), params->len});
}

void PushCommand::push(sara_id token, std::string_view text) {
    const Params params = Params::read(text, world_.settings.json_depth_max);
    if (!params.wrong.empty()) {
        answer(token, SARA_E_INVALID, "reason", std::string(params.wrong) + "_invalid");
        return;
    }
    char uuid[36];
    world_.ids.uuid(uuid);
    const std::string_view id(uuid, sizeof uuid);
    chat::PushOrder order;
    order.packet = packetOf(params, id);
    if (!order.packet) {
        answer(token, SARA_E_INVALID, "reason", "payload_invalid");
        return;
    }
    order.to_group = !params.gid.empty();
    order.domain = params.domain;
    order.done = onSafe;
    order.user = new Waiting{this, token, order.to_group ? std::string() : std::string(id)};
    world_.rooms[loop::EventLoop::current()->index()]->groups().push(std::move(order));
}

void PushCommand::onSafe(void* waiting, chat::Outcome outcome, std::string_view reason) noexcept {
    const std::unique_ptr<Waiting> push(static_cast<Waiting*>(waiting));
    if (outcome == chat::Outcome::kAck) {
        push->self->answer(push->token, SARA_OK, "id", push->id);
    } else {
        push->self->answer(push->token, statusOf(outcome, reason), "reason", reason);
    }
}

}  // namespace sara::bus
