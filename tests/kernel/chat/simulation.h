// A whole chat room under a random life: users log in, replace each other, send, acknowledge, stop
// reading and leave, while the store is slow or broken and time passes. Decides what each message
// may and must have met, in a ledger (invariants I1 to I4): acked means acknowledged or stored;
// nobody gets what was not sent to him; order per pair; nothing twice in one session.
#pragma once
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "chat_stage.h"

namespace sara::chat::test {

class Simulation {
  public:
    explicit Simulation(uint64_t seed);
    // Runs this many steps, then lets everything come to rest. Violations, empty when none.
    std::vector<std::string> run(uint32_t steps);
    // What the run consisted of, so that a test can see that it did something.
    struct Sums {
        uint64_t sent = 0, acked = 0, delivered = 0, redelivered = 0, sessions = 0, refused = 0;
    };
    const Sums& sums() const { return sums_; }

  private:
    struct Message {
        std::string id;
        size_t from, to;
        bool wants_ack;
        uint64_t order = 0;  // in which the room took it; 0: it has not
        bool acked = false, refused = false;
        bool acknowledged = false;  // the recipient has written an ack
        uint64_t deliveries = 0;
    };
    // What a client has written: a message, acks of messages, or neither.
    struct Frame {
        Message* message = nullptr;
    };
    struct Client {
        size_t user;
        std::unique_ptr<User> at;
        std::vector<Frame> written;
        uint64_t consumed = 0;
        std::string login_id;
        std::vector<Message*> of_login_reply;
        std::deque<std::string> to_ack;  // ids; "login" is the login packet's
        std::set<const Message*> seen;
        std::map<size_t, uint64_t> last_order;  // by sender
        bool left = false;
    };

    uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
    bool chance(uint32_t percent) { return below(100) < percent; }
    static Settings settingsOf(uint64_t seed);
    static uint32_t loopsOf(uint64_t seed) { return 1 + static_cast<uint32_t>(seed % 3); }

    void step();
    void send(Client& c);
    void login(size_t user);
    void acknowledge(Client& c);
    void stir();
    void look();
    void readFrames(Client& c);
    void delivered(Client& c, const std::string& id);
    void answered(Client& c, const std::string& word, const std::string& frame);
    void checkPromise();
    void settleDown();
    void finish();
    Client* open(size_t user);
    std::string describe(const Message& m);
    void violation(std::string text) {
        if (violations_.size() < 20) violations_.push_back(std::move(text));
    }

    std::mt19937_64 random_;
    const bool store_fails_;
    const bool filters_;
    Stage stage_;
    std::vector<std::string> jids_;
    std::vector<std::unique_ptr<Client>> clients_;  // all connections ever made
    std::map<std::string, Message> messages_;
    uint64_t order_ = 0;
    uint64_t ids_ = 0;
    std::vector<std::string> violations_;
    Sums sums_;
};

}  // namespace sara::chat::test
