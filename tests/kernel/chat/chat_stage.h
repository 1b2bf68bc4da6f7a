// The chat room between fakes: loops that are turned by hand, a clock that stands still, and users
// who log in, send and look at what they got. Everything runs on the thread of the test.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chat/room.h"
#include "fake_callback.h"
#include "fake_ports.h"
#include "fake_store.h"
#include "fake_wire.h"

namespace sara::chat::test {

class Stage {
  public:
    explicit Stage(uint32_t loops = 1, Settings settings = {}, bool with_auth = true,
                   loop::EventLoop::Limits limits = {});
    ~Stage();

    Settings settings;
    loop::ManualClock clock;
    FakeWire wire;
    FakeStore store;
    FakeAuth auth;
    FakeCallback callback;
    FakeHooks hooks;
    CountingIds ids;
    SilentLog log;
    Admission admission;
    loop::LoopSet loops;
    RoomWorld world;

    Room& room(uint32_t loop = 0) { return *rooms_[loop]; }
    // Runs fn as if inside of the loop.
    template <class Fn>
    void on(uint32_t loop, Fn fn) {
        loops.at(loop).enter([](void* user, uint32_t) { (*static_cast<Fn*>(user))(); }, &fn);
    }
    // Reads what clients have sent and turns all loops until nothing happens any more.
    void settle();
    // Time passes in one step, then settle().
    void advance(uint64_t ms);
    // Delivers at most one waiting frame of the connection. False: none, or reading is paused.
    bool deliverOne(uint64_t conn);
    // The client reads again, this many bytes; the transport tells when its queue is empty.
    void flush(uint64_t conn, uint64_t bytes = UINT64_MAX);
    uint32_t homeOf(std::string_view bare) const { return loops.homeOf(bare); }
    // A jid user<n>@t.com whose home is this loop; the same n gives the same jid.
    std::string userOn(uint32_t loop, uint32_t n = 0) const;

  private:
    bool readInput();
    std::vector<std::unique_ptr<Room>> rooms_;
};

// One client. Closes nothing by itself.
class User {
  public:
    User(Stage& stage, std::string jid) : stage_(stage), jid_(std::move(jid)) {}

    // kOk, or why the server closed the door.
    Status connect(uint32_t loop = 0, const std::string& ip = "192.0.2.1");
    // connect() if needed, the login packet, settle().
    User& login(const std::string& id = "L1", const std::string& pwd = "secret");
    // A body as the client writes it, not yet read by the server.
    void write(std::string body) { conn().inbox.push_back(std::move(body)); }
    User& send(std::string body) {
        write(std::move(body));
        stage_.settle();
        return *this;
    }
    // {"envelope":{"id":..,"type":1,"from":..,"to":..[,"ack":1]},"payload":{"content":..}}
    User& chat(const std::string& to, const std::string& id, int ack = 1);
    User& ack(const std::string& id);
    void heartbeat();
    // The client is gone: what has been written so far has left.
    void drop(const std::string& reason = "peer_closed");

    // Everything that came since the last call, oldest first.
    std::vector<std::string> take();
    // The oldest frame, "" when there is none.
    std::string next();
    // Ids of everything that came, in order; "ack:ID" for server acks, "notify:REASON" for notices,
    // "login:RESULT" for login replies followed by the ids of their delay packets.
    std::vector<std::string> got();

    FakeConn& conn() { return stage_.wire.at(conn_); }
    uint64_t connId() const { return conn_; }
    const std::string& jid() const { return jid_; }
    std::string bare() const { return jid_.substr(0, jid_.find('/')); }
    bool closed() { return conn().closed; }
    Session* session() { return stage_.room(conn().loop).sessions().find(conn().session); }

  private:
    Stage& stage_;
    std::string jid_;
    uint64_t conn_ = 0;
};

std::string chatText(const std::string& from, const std::string& to, const std::string& id,
                     int ack = 1, const std::string& content = "hi");
std::string loginText(const std::string& jid, const std::string& id, const std::string& pwd);
std::string ackText(const std::string& from, const std::string& id);
// What the server answers.
std::string serverAckText(const std::string& id, uint64_t ct_ms);
std::string notifyText(const std::string& id, const std::string& reason);
std::string loginFailureText(const std::string& id, const std::string& reason);
// One word per frame, as User::got().
std::vector<std::string> wordsOf(const std::string& frame);
int64_t counter(std::string_view name);

}  // namespace sara::chat::test
