// The users of one worker process: they log in, stay online, write to others, acknowledge, and are
// counted. Decides who writes when and to whom; prints nothing and never waits for the parent
// process.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "makeconn/board.h"
#include "makeconn/driver.h"
#include "makeconn/options.h"
#include "makeconn/packets.h"

namespace sara::makeconn {

// "5f0c61a2-7d3b-4e11-9a52-0c7f0000002a@a.a": all of one length, no two runs the same.
[[nodiscard]] std::string userJid(uint64_t run, uint32_t user);

class Swarm : public Owner {
  public:
    struct Share {
        uint64_t run = 0;    // chance of this run, part of each jid
        uint32_t first = 0;  // user
        uint32_t count = 0;
        uint32_t worker = 0;
    };
    Swarm(const Options& options, const Target& target, const Share& share, const Boards& boards);
    // Until the parent says finish. Throws std::runtime_error.
    void run();

    void onConnected(Connection& connection) override;
    void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) override;
    void onClosed(Connection& connection) override;

  private:
    enum class State : uint8_t { kWaiting, kLoggingIn, kOnline, kGone };
    struct User {
        User(Owner& owner, uint32_t index) : connection(owner, index) {}
        Connection connection;
        uint64_t started_ns = 0;
        size_t mark_hint = 0;
        size_t id_hint = 0;
        State state = State::kWaiting;
    };
    struct Beat {
        uint64_t due_ns;
        uint32_t user;
    };

    void startLogins(uint64_t now_ns);
    void expireLogins(uint64_t now_ns);
    void gone(User& user, std::string_view why);
    void onLoginReply(User& user, std::string_view body, uint64_t now_ns);
    void onMessage(User& user, std::string_view body, const Mark& mark, uint64_t now_ns);
    void beat(uint64_t now_ns);
    // Sends what is due; says how long nothing is, in ms, at most 20.
    int sendDue(uint64_t now_ns);
    void sendOne(uint64_t due_ns, uint64_t now_ns);
    uint32_t recipientFor(uint32_t sender);
    [[nodiscard]] bool settled() const;
    [[nodiscard]] std::string jidOf(const User& user) const;

    const Options& options_;
    const Share share_;
    const Boards& boards_;
    Board& board_;
    Driver driver_;
    std::vector<std::unique_ptr<User>> users_;
    std::deque<uint32_t> logging_in_;  // in the order of their start
    std::deque<Beat> beats_;           // in the order of their time
    ChatFrame frame_;
    AckFrame ack_;
    std::minstd_rand chance_;
    uint32_t started_ = 0;
    uint32_t open_logins_ = 0;
    uint32_t next_sender_ = 0;
    uint32_t number_ = 0;
    double sent_due_ = 0;  // messages that should have been sent since go
    uint64_t go_ns_ = 0;
};

}  // namespace sara::makeconn
