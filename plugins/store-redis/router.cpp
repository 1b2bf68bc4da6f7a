#include "store-redis/router.h"

#include <poll.h>

#include <utility>

namespace sara::store_redis {
namespace {

constexpr uint8_t kRedirectsMax = 16;  // docs/limits.md: redis_redirects_max
constexpr uint64_t kRefreshEveryMs = 5000;
constexpr uint64_t kRefreshGapMs = 100;
constexpr uint64_t kRetryMs = 50;
constexpr uint32_t kFailuresKnownDown = 2;

bool mendsItself(std::string_view error) {
    for (const std::string_view kind :
         {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "BUSY "}) {
        if (error.starts_with(kind)) return true;
    }
    return false;
}

}  // namespace

Router::Router(const Surroundings& around, void (*reconnected)(void* user), void* user)
    : around_(around), reconnected_(reconnected), user_(user) {
    for (const Address& seed : around.settings.addresses) nodes_[nodeFor(seed)].seed = true;
    owner_.assign(kSlots, kNobody);
}

void Router::start() { nodes_[0].connection->open(); }

uint16_t Router::nodeFor(const Address& address) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].connection->address() == address) return static_cast<uint16_t>(i);
    }
    if (nodes_.size() >= kNodesMax) return kNobody;
    nodes_.push_back({std::make_unique<Connection>(around_, address, *this), false, false});
    return static_cast<uint16_t>(nodes_.size() - 1);
}

Router::Node* Router::route(const Request& request) {
    if (mode_ != Mode::kCluster) return &nodes_[active_];
    const uint16_t owner = owner_[request.slot];
    return owner == kNobody ? nullptr : &nodes_[owner];
}

bool Router::hopeless(const Node& node) const {
    // In a cluster a replica takes over; a list of servers has another one to try.
    return mode_ != Mode::kCluster && around_.settings.addresses.size() == 1 &&
           node.connection->failures() >= kFailuresKnownDown;
}

void Router::submit(Request* request) {
    if (closed_) return request->failed(SARA_E_CLOSED);
    Node* node = route(*request);
    if (node == nullptr) {
        refresh_ = true;
        return park(request, kRetryMs);
    }
    if (node->connection->ready()) return node->connection->send(request, false, false);
    if (hopeless(*node)) return request->failed(SARA_E_IO);
    node->connection->open();
    park(request, 0);
}

void Router::park(Request* request, uint64_t delay_ms) {
    parked_.push_back({request, around_.host.nowMs() + delay_ms});
}

void Router::retryParked() {
    freed_ = false;
    if (parked_.empty()) return;
    const uint64_t now = around_.host.nowMs();
    std::vector<Parked> waiting;
    waiting.swap(parked_);
    for (const Parked& p : waiting) {
        Node* node = route(*p.request);
        if (now >= p.request->deadline_ms) {
            p.request->failed(SARA_E_TIMEOUT);
        } else if (node != nullptr && hopeless(*node)) {
            p.request->failed(SARA_E_IO);
        } else if (now >= p.not_before_ms && node != nullptr && node->connection->ready()) {
            node->connection->send(p.request, false, false);
        } else {
            parked_.push_back(p);
        }
    }
}

void Router::turnEnd() {
    if (freed_) retryParked();
    for (const Node& node : nodes_) node.connection->flush();
}

void Router::tick() {
    if (closed_) return;
    if (mode_ == Mode::kCluster) {
        bool any = false;
        for (const Node& node : nodes_) {
            if (node.wanted) {
                node.connection->tick();
            } else if (node.connection->idle()) {
                node.connection->drop("the cluster does not need it");
            }
            any |= node.wanted && node.connection->ready();
        }
        // Nobody left of those we knew: the list of the operator may know better.
        for (const Node& node : nodes_) {
            if (!any && node.seed && !node.wanted) node.connection->tick();
        }
        refresh();
    } else {
        nodes_[active_].connection->tick();
        if (replica_) nextSeed("it is a replica and does not write");
        if (!nodes_[active_].connection->ready() && nodes_[active_].connection->failures() > 0) {
            nextSeed("");
        }
    }
    retryParked();
    turnEnd();
}

void Router::nextSeed(const std::string& why) {
    replica_ = false;
    if (!why.empty()) nodes_[active_].connection->drop(why);
    if (around_.settings.addresses.size() < 2) return;
    // Not in the middle of an attempt.
    if (why.empty() && nodes_[active_].connection->fd() >= 0) return;
    do {
        active_ = (active_ + 1) % nodes_.size();
    } while (!nodes_[active_].seed);
    nodes_[active_].connection->open();
}

void Router::refresh() {
    const uint64_t now = around_.host.nowMs();
    if (now - refreshed_ms_ < (refresh_ || !complete_ ? kRefreshGapMs : kRefreshEveryMs)) return;
    // Another node each time: one that was cut off keeps telling its old view.
    for (size_t i = 0; i < nodes_.size(); ++i) {
        refresh_at_ = (refresh_at_ + 1) % nodes_.size();
        Connection& connection = *nodes_[refresh_at_].connection;
        if (!connection.ready()) continue;
        connection.askSlots();
        refreshed_ms_ = now;
        refresh_ = false;
        return;
    }
}

void Router::connectionReady(Connection& connection) {
    freed_ = true;
    around_.host.log(SARA_LOG_INFO, "connected to " + connection.address().text());
    reconnected_(user_);
}

void Router::slotsAnswered(Connection& connection, const redisReply& reply) {
    if (reply.type == REDIS_REPLY_ERROR) {
        if (mendsItself(textOf(reply)) || mode_ == Mode::kCluster) return;
        mode_ = Mode::kSingle;
        return;
    }
    const auto map = parseSlots(reply, connection.address().host);
    if (!map) {
        around_.host.log(SARA_LOG_WARN, connection.address().text() +
                                            ": CLUSTER SLOTS was answered with nonsense");
        return;
    }
    if (map->nodes.empty() && mode_ == Mode::kCluster) return;
    mode_ = Mode::kCluster;
    use(*map);
}

void Router::use(const ClusterMap& map) {
    for (Node& node : nodes_) node.wanted = false;
    std::vector<uint16_t> places;
    for (const Address& address : map.nodes) {
        const uint16_t place = nodeFor(address);
        places.push_back(place);
        if (place == kNobody) continue;
        nodes_[place].wanted = true;
        nodes_[place].connection->open();
    }
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
        owner_[slot] = map.owner[slot] == kNobody ? kNobody : places[map.owner[slot]];
    }
    complete_ = map.complete;
    freed_ = true;
}

void Router::requestAnswered(Connection& connection, Request* request, const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ERROR) return request->answered(reply);
    const std::string_view error = textOf(reply);
    const bool last = ++request->redirects > kRedirectsMax ||
                      around_.host.nowMs() >= request->deadline_ms || closed_;
    if (error.starts_with("NOSCRIPT") && !last) return connection.send(request, false, true);
    if (const auto to = parseRedirect(error, connection.address().host); to && !last) {
        return redirect(connection, request, *to);
    }
    const bool replica = error.starts_with("READONLY");
    if ((!replica && !mendsItself(error)) || last) return request->answered(reply);
    if (replica) {
        replica_ = mode_ != Mode::kCluster;
        refresh_ = true;
    }
    if (error.starts_with("CLUSTERDOWN")) refresh_ = true;
    // What only takes time does not count as a redirect: the deadline ends it.
    --request->redirects;
    park(request, kRetryMs);
}

void Router::redirect(Connection& from, Request* request, const Redirect& to) {
    around_.host.add(Metric::kRedirects, 1);
    const uint16_t place = nodeFor(to.to);
    if (place == kNobody) return park(request, kRetryMs);
    Connection& target = *nodes_[place].connection;
    if (!to.ask) {
        refresh_ = true;
        owner_[to.slot] = place;
        nodes_[place].wanted = true;
        if (mode_ != Mode::kCluster) mode_ = Mode::kCluster;
    }
    if (target.ready()) return target.send(request, to.ask, false);
    // Once it is there the old owner, or the map, sends us again.
    nodes_[place].wanted = true;
    target.open();
    (void)from;
    park(request, kRetryMs);
}

void Router::requestLost(Request* request, bool sent, bool hung) {
    refresh_ = true;
    if (closed_) return request->failed(SARA_E_CLOSED);
    if (sent && !request->repeatable) return request->failed(hung ? SARA_E_TIMEOUT : SARA_E_IO);
    park(request, 0);
}

bool Router::healthy() const {
    if (mode_ != Mode::kCluster) {
        return mode_ == Mode::kSingle && nodes_[active_].connection->ready();
    }
    if (!complete_) return false;
    for (const Node& node : nodes_) {
        if (node.wanted && !node.connection->ready()) return false;
    }
    return true;
}

std::string Router::trouble() const {
    for (const Node& node : nodes_) {
        const Connection& c = *node.connection;
        if (!c.ready() && !c.trouble().empty() && (node.wanted || mode_ != Mode::kCluster)) {
            return c.address().text() + ": " + c.trouble();
        }
    }
    return mode_ == Mode::kCluster && !complete_ ? "the cluster has slots without a master" : "";
}

void Router::close() {
    closed_ = true;
    for (const Node& node : nodes_) node.connection->drop("");
    std::vector<Parked> waiting;
    waiting.swap(parked_);
    for (const Parked& p : waiting) p.request->failed(SARA_E_CLOSED);
}

void Router::pump(int ms) {
    std::vector<pollfd> fds;
    std::vector<Connection*> connections;
    for (const Node& node : nodes_) {
        if (node.connection->fd() < 0 || node.connection->idle()) continue;
        fds.push_back({node.connection->fd(), POLLIN, 0});
        connections.push_back(node.connection.get());
    }
    ::poll(fds.data(), fds.size(), ms);
    for (Connection* connection : connections) connection->poll();
}

}  // namespace sara::store_redis
