// Pairs of users, each sender with a window of messages in flight. Decides when a message is done:
// delivered, and acked when acks are on. Counts every loss, repeat and turned order; measures from
// send to delivery.
#pragma once
#include <memory>
#include <vector>

#include "load/client_parts.h"
#include "load/options.h"
#include "load/order_check.h"
#include "load/report.h"

namespace sara::bench {

class ChatRun : public Owner {
  public:
    explicit ChatRun(const Options& options);
    [[nodiscard]] Outcome run();  // throws std::runtime_error when not everybody can log in

    void onConnected(Connection& connection) override;
    void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) override;
    void onClosed(Connection& connection) override;

  private:
    struct Pair {
        Pair(Owner& owner, uint32_t index, const Options& options);
        Connection sender;
        Connection receiver;
        ChatFrame frame;
        AckFrame ack;
        OrderCheck order;
        size_t mark_hint = 0;
        size_t delivery_hint = 0;
        size_t ack_hint = 0;
        uint32_t sent = 0;
        uint32_t delivered = 0;
        uint32_t acked = 0;
    };
    void logIn();
    void logInBystanders();
    void fill(Pair& pair, uint64_t now_ns);
    void onLogin(std::string_view body);
    void onDelivery(Pair& pair, std::string_view body, uint64_t now_ns);
    void onAck(Pair& pair, std::string_view body, uint64_t now_ns);
    [[nodiscard]] bool drained() const;
    [[nodiscard]] Outcome report(const ProcessUsage& before, const ProcessUsage& after,
                                 double own_cpu) const;

    const Options& options_;
    Driver driver_;
    std::vector<std::unique_ptr<Pair>> pairs_;
    std::vector<std::unique_ptr<Connection>> bystanders_;
    Histogram latency_;
    uint32_t online_ = 0;
    uint64_t measured_ = 0;  // deliveries inside the measured time
    uint64_t strange_ = 0;   // frames that were not expected
    uint64_t closed_ = 0;
    bool sending_ = false;
    bool measuring_ = false;
};

}  // namespace sara::bench
