// Which connection a request goes to, for one loop: a single server (the first of the list that
// answers and is no replica) or the masters of a cluster, found out by itself. Decides redirects,
// retries and when to look at the cluster again; refuses what has waited until its deadline, and at
// once what only a server that is known to be down could answer.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "store-redis/cluster_map.h"
#include "store-redis/connection.h"

namespace sara::store_redis {

class Router final : public ConnectionOwner {
  public:
    // reconnected: a server is there (again): what it knew may be gone.
    Router(const Surroundings& around, void (*reconnected)(void* user), void* user);

    // [loop]
    void start();
    // [loop] The request completes later, or inside when there is no hope.
    void submit(Request* request);
    // [loop] Retries what a new connection has freed, and writes.
    void turnEnd();
    // [loop] Every kTickMs.
    void tick();
    // [loop] Everything fails with SARA_E_CLOSED, later requests too.
    void close();
    // [loop] Without the loop's help: waits up to ms for the sockets and serves them.
    void pump(int ms);

    // [loop] Every server that is needed answers.
    bool healthy() const;
    bool cluster() const { return mode_ == Mode::kCluster; }
    // [loop] What is wrong, for the operator; empty: nothing.
    std::string trouble() const;

    static constexpr uint64_t kTickMs = 100;

    void connectionReady(Connection& connection) override;
    void slotsAnswered(Connection& connection, const redisReply& reply) override;
    void requestAnswered(Connection& connection, Request* request,
                         const redisReply& reply) override;
    void requestLost(Request* request, bool sent, bool hung) override;

  private:
    enum class Mode : uint8_t { kUnknown, kSingle, kCluster };
    struct Node {
        std::unique_ptr<Connection> connection;
        bool wanted = false;
        bool seed = false;
    };
    struct Parked {
        Request* request;
        uint64_t not_before_ms;
    };

    uint16_t nodeFor(const Address& address);
    Node* route(const Request& request);
    bool hopeless(const Node& node) const;
    void park(Request* request, uint64_t delay_ms);
    void retryParked();
    void redirect(Connection& from, Request* request, const Redirect& to);
    void use(const ClusterMap& map);
    void nextSeed(const std::string& why);
    void refresh();

    const Surroundings& around_;
    void (*const reconnected_)(void*);
    void* const user_;
    std::vector<Node> nodes_;      // the seeds first
    std::vector<uint16_t> owner_;  // cluster: slot -> place in nodes_
    std::vector<Parked> parked_;
    Mode mode_ = Mode::kUnknown;
    size_t active_ = 0;      // single: place in nodes_
    bool complete_ = false;  // cluster: every slot has a master
    bool refresh_ = false;
    bool replica_ = false;  // single: the active server refuses to write
    bool freed_ = false;    // parked requests may go
    bool closed_ = false;
    uint64_t refreshed_ms_ = 0;
    size_t refresh_at_ = 0;
};

}  // namespace sara::store_redis
