// Messages for users who are away: how many a server makes safe per second, and how fast a login
// brings them back. Decides that each user's backlog must come whole and in order.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "load/client_parts.h"
#include "load/options.h"
#include "load/report.h"

namespace sara::bench {

class OfflineRun : public Owner {
  public:
    explicit OfflineRun(const Options& options);
    [[nodiscard]] Outcome run();  // throws std::runtime_error

    void onConnected(Connection& connection) override;
    void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) override;
    void onClosed(Connection& connection) override;

  private:
    // A sender for each absent user, so that the order of each backlog is known.
    struct User {
        User(Owner& owner, uint32_t index, const Options& options);
        Connection sender;
        Connection reader;
        ChatFrame frame;
        std::vector<uint64_t> sent_at;  // by number
        size_t ack_hint = 0;
        uint32_t quota = 0;
        uint32_t acked = 0;
        uint32_t fetched = 0;
        bool online = false;
        bool in_order = true;
    };
    void fill(User& user, uint64_t now_ns);
    void onAck(User& user, std::string_view body, uint64_t now_ns);
    void onBacklog(User& user, std::string_view body);
    void logIn();
    void store();
    void storeAtRate(uint64_t start, const std::function<bool()>& done);
    void fetch();

    const Options& options_;
    Driver driver_;
    std::vector<std::unique_ptr<User>> users_;
    Histogram ack_latency_;
    uint32_t online_ = 0;
    uint64_t due_ = 0;  // how many may have been sent by now
    uint64_t sent_ = 0;
    uint64_t acked_ = 0;
    uint64_t fetched_ = 0;
    uint64_t fetched_bytes_ = 0;
    uint32_t readers_done_ = 0;
    double store_seconds_ = 0;
    double fetch_seconds_ = 0;
};

}  // namespace sara::bench
