// One group: some of its members write to it with a window, everybody acknowledges what he gets.
// Decides that each message must reach every other member once and in order, and that its sender is
// acked; beside it one pair plays ping-pong, and its round trips show what the fan-outs do to
// others.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/client_parts.h"
#include "load/options.h"
#include "load/order_check.h"
#include "load/report.h"

namespace sara::bench {

class GroupRun : public Owner {
  public:
    explicit GroupRun(const Options& options);
    [[nodiscard]] Outcome run();  // throws std::runtime_error when not everybody can log in

    void onConnected(Connection& connection) override;
    void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) override;
    void onClosed(Connection& connection) override;

  private:
    struct Member {
        Member(Owner& owner, uint32_t index, uint32_t senders);
        Connection connection;
        std::string jid;
        std::vector<OrderCheck> from;  // by sender
    };
    struct Sender {
        uint32_t sent = 0;
        uint32_t acked = 0;
    };
    void logIn();
    void fill(uint32_t sender, uint64_t now_ns);
    void ping(uint64_t now_ns);
    void onMember(uint32_t index, std::string_view body, uint64_t now_ns);
    [[nodiscard]] bool drained() const;
    [[nodiscard]] Outcome report(const ProcessUsage& before, const ProcessUsage& after,
                                 double own_cpu) const;

    const Options& options_;
    const uint32_t members_;
    const uint32_t senders_;
    Driver driver_;
    std::vector<std::unique_ptr<Member>> group_;
    std::vector<Sender> sending_members_;
    Connection left_, right_;  // the pair beside the group
    ChatFrame ping_;
    uint32_t pings_ = 0;
    Histogram latency_, beside_;
    std::string frame_;  // scratch
    size_t mark_hint_ = 0;
    uint32_t online_ = 0;
    uint64_t delivered_ = 0;
    uint64_t measured_ = 0;
    uint64_t strange_ = 0;
    uint64_t closed_ = 0;
    bool sending_ = false;
    bool measuring_ = false;
};

}  // namespace sara::bench
