#include "bus/session_commands.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSONString.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>

#include "loop/buffer_pool.h"
#include "loop/counters.h"
#include "sara/jid.hpp"

namespace sara::bus {
namespace {

constexpr size_t kParamsDepthMax = 16;
constexpr size_t kParamsBytesMax = 16 << 10;  // docs/limits.md: session_params_bytes_max

std::string quoted(std::string_view text) { return Poco::toJSON(std::string(text)); }

std::string reason(std::string_view word) { return "{\"reason\":" + quoted(word) + "}"; }

// Null: not a JSON object. rpc transports check before they call; other callers may not.
Poco::JSON::Object::Ptr parse(const sara_buf* params) {
    if (params->len > kParamsBytesMax) return nullptr;  // this thread is a loop
    try {
        Poco::JSON::Parser parser;
        parser.setDepth(kParamsDepthMax);
        const auto value =
            parser.parse(std::string(reinterpret_cast<const char*>(params->data), params->len));
        return value.extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {
        return nullptr;
    }
}

std::string textOf(const Poco::JSON::Object& params, const std::string& name) {
    const Poco::Dynamic::Var value = params.get(name);
    return value.isString() ? value.extract<std::string>() : std::string();
}

bool ownsItsJid(const chat::Session& s) {
    return s.state == chat::SessionState::kOnline || s.state == chat::SessionState::kFetching;
}

// "2.640": loop and slot from which the next page goes on.
bool readCursor(const std::string& text, uint32_t loops, uint32_t* loop, uint32_t* slot) {
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, *loop);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
    const auto second = std::from_chars(first.ptr + 1, end, *slot);
    return second.ec == std::errc() && second.ptr == end && *loop < loops;
}

}  // namespace

struct SessionCommands::Question {
    SessionCommands* self;
    sara_id token;
    bool kick;
    std::string jid;
    std::string_view bare;  // of jid
};

struct SessionCommands::Count {
    SessionCommands* self;
    sara_id token;
    std::atomic<uint64_t> sessions{0};
    std::atomic<uint32_t> open;  // loops that have not answered
    std::atomic<bool> failed{false};
};

struct SessionCommands::Listing {
    SessionCommands* self;
    sara_id token;
    uint32_t wanted;
    uint32_t loop;
    uint32_t slot;
    uint32_t found = 0;
    std::string json = "{\"sessions\":[";
};

SessionCommands::SessionCommands(chat::RoomWorld& world, RpcCommands& commands)
    : world_(world), commands_(commands) {
    kicks_ = loop::Counters::instance().define(loop::CounterKind::kCounter, "rpc_kicks_total",
                                               "sessions that emsg_session.kick ended");
    commands.add("emsg_session", "isonline", "is this user logged in? params: jid", &onIsOnline,
                 this);
    commands.add("emsg_session", "counter", "sessions of each node", &onCounter, this);
    commands.add("emsg_session", "kick",
                 "ends the session of a user as a newer login would; params: jid", &onKick, this);
    commands.add("emsg_session", "list", "sessions by page; params: limit, cursor", &onList, this);
}

bool SessionCommands::post(uint32_t loop, void (*run)(void*, uint64_t, uint64_t) noexcept,
                           void* what, uint64_t more) {
    return world_.loops.at(loop).post({run, this, reinterpret_cast<uint64_t>(what), more},
                                      loop::PostClass::kRequest);
}

void SessionCommands::answer(sara_id token, sara_status st, const std::string& json) {
    loop::Buffer* buffer = nullptr;
    if (!json.empty()) {
        buffer = loop::newBuffer(json.size());
        if (buffer == nullptr) {
            st = SARA_E_NOMEM;
        } else {
            std::copy(json.begin(), json.end(), buffer->bytes());
        }
    }
    // Stale: the caller did not wait.
    (void)commands_.reply(token, st, reinterpret_cast<sara_buf*>(buffer));
    loop::unrefBuffer(buffer);
}

// --- isonline, kick ---

void SessionCommands::onIsOnline(void* self, sara_id token, sara_buf* params) noexcept {
    static_cast<SessionCommands*>(self)->askHome(token, params, false);
}

void SessionCommands::onKick(void* self, sara_id token, sara_buf* params) noexcept {
    static_cast<SessionCommands*>(self)->askHome(token, params, true);
}

void SessionCommands::askHome(sara_id token, sara_buf* params, bool kick) {
    const auto object = parse(params);
    auto question = std::make_unique<Question>(
        Question{this, token, kick, object ? textOf(*object, "jid") : std::string(), {}});
    const auto jid = Jid::parse(question->jid);
    if (!jid) {
        // The seed says "not online" to whatever is no jid, without a reason.
        return answer(token, SARA_E_INVALID, kick ? reason("jid_invalid") : std::string());
    }
    question->bare = jid->bare();
    if (post(world_.loops.homeOf(question->bare), &atHome, question.get())) {
        (void)question.release();
    } else {
        answer(token, SARA_E_AGAIN, reason("busy"));
    }
}

void SessionCommands::atHome(void* self, uint64_t what, uint64_t) noexcept {
    auto& commands = *static_cast<SessionCommands*>(self);
    const std::unique_ptr<Question> q(reinterpret_cast<Question*>(what));
    chat::Room& room = *commands.world_.rooms[loop::EventLoop::current()->index()];
    chat::Session* s = room.users().find(q->bare);
    if (s != nullptr && !ownsItsJid(*s)) s = nullptr;
    if (!q->kick) {
        return commands.answer(q->token, s != nullptr ? SARA_OK : SARA_E_NOTFOUND, {});
    }
    // With a resource only that device is meant.
    if (s == nullptr || (q->jid.size() != q->bare.size() && s->jid != q->jid)) {
        return commands.answer(q->token, SARA_E_NOTFOUND, reason("notfound"));
    }
    commands.kicks_.add();
    s->wire->control(s->conn, chat::Control::kKill);
    room.end(*s, "kicked", room.settings().close_flush_ms);
    commands.answer(q->token, SARA_OK, {});
}

// --- counter ---

void SessionCommands::onCounter(void* self, sara_id token, sara_buf*) noexcept {
    auto& commands = *static_cast<SessionCommands*>(self);
    const uint32_t loops = commands.world_.loops.size();
    auto* count = new Count{&commands, token, 0, loops, false};
    for (uint32_t i = 0; i < loops; ++i) {
        if (commands.post(i, &countHere, count, i)) continue;
        count->failed.store(true);
        commands.counted(count);
    }
}

void SessionCommands::countHere(void* self, uint64_t what, uint64_t loop) noexcept {
    auto& commands = *static_cast<SessionCommands*>(self);
    auto* count = reinterpret_cast<Count*>(what);
    count->sessions.fetch_add(commands.world_.rooms[loop]->users().size());
    commands.counted(count);
}

// One loop less to wait for; the last one answers.
void SessionCommands::counted(Count* count) {
    if (count->open.fetch_sub(1) != 1) return;
    const std::unique_ptr<Count> last(count);
    if (last->failed.load()) return answer(last->token, SARA_E_AGAIN, reason("busy"));
    answer(last->token, SARA_OK,
           "{\"counters\":[{\"count\":" + std::to_string(last->sessions.load()) +
               ",\"node\":" + quoted(world_.settings.node_id) + "}]}");
}

// --- list ---

void SessionCommands::onList(void* self, sara_id token, sara_buf* params) noexcept {
    auto& commands = *static_cast<SessionCommands*>(self);
    const auto object = parse(params);
    auto listing = std::make_unique<Listing>(Listing{&commands, token, kListDefault, 0, 0});
    if (object) {
        const Poco::Dynamic::Var limit = object->get("limit");
        int64_t wanted = kListDefault;
        try {
            if (!limit.isEmpty()) wanted = limit.convert<int64_t>();
        } catch (const Poco::Exception&) {
            wanted = 0;
        }
        if (wanted < 1 || wanted > kListMax) {
            return commands.answer(token, SARA_E_INVALID, reason("limit_invalid"));
        }
        listing->wanted = static_cast<uint32_t>(wanted);
        const std::string cursor = textOf(*object, "cursor");
        if (object->has("cursor") &&
            !readCursor(cursor, commands.world_.loops.size(), &listing->loop, &listing->slot)) {
            return commands.answer(token, SARA_E_INVALID, reason("cursor_invalid"));
        }
    }
    if (commands.post(listing->loop, &listHere, listing.get())) {
        (void)listing.release();
    } else {
        commands.answer(token, SARA_E_AGAIN, reason("busy"));
    }
}

void SessionCommands::listHere(void* self, uint64_t what, uint64_t) noexcept {
    auto& commands = *static_cast<SessionCommands*>(self);
    std::unique_ptr<Listing> listing(reinterpret_cast<Listing*>(what));
    if (commands.scan(*listing)) return commands.answer(listing->token, SARA_OK, listing->json);
    if (commands.post(listing->loop, &listHere, listing.get())) {
        (void)listing.release();
    } else {
        commands.answer(listing->token, SARA_E_AGAIN, reason("busy"));
    }
}

// Looks at some slots of this loop. True: the page is complete. Otherwise loop and slot say where
// to go on.
bool SessionCommands::scan(Listing& listing) {
    chat::Room& room = *world_.rooms[listing.loop];
    chat::SessionPool& sessions = room.sessions();
    const uint32_t end = std::min(
        sessions.slots(), listing.slot + std::min(kScanSlotsMax, UINT32_MAX - listing.slot));
    for (; listing.slot < end && listing.found < listing.wanted; ++listing.slot) {
        const chat::Session* s = sessions.inSlot(listing.slot);
        if (s == nullptr || !ownsItsJid(*s)) continue;
        const uint64_t silent_ms = room.loop().nowMs() - s->last_active_ms;
        listing.json += (listing.found++ == 0 ? "{\"jid\":" : ",{\"jid\":") + quoted(s->jid) +
                        ",\"transport\":" + quoted(s->transport) +
                        ",\"peer\":" + quoted(s->peer_ip + ":" + std::to_string(s->peer_port)) +
                        ",\"silent_ms\":" + std::to_string(silent_ms) +
                        ",\"unacked\":" + std::to_string(s->unacked_count) + "}";
    }
    if (listing.slot >= sessions.slots()) {
        ++listing.loop;
        listing.slot = 0;
    }
    const bool all = listing.loop >= world_.loops.size();
    if (!all && listing.found < listing.wanted) return false;
    listing.json += "]";
    if (!all) {
        listing.json += ",\"cursor\":\"" + std::to_string(listing.loop) + "." +
                        std::to_string(listing.slot) + "\"";
    }
    listing.json += "}";
    return true;
}

}  // namespace sara::bus
