#include "redis_cluster.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace sara::store_redis {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kNodes = 6;

bool run(const std::string& line) { return std::system((line + " >/dev/null 2>&1").c_str()) == 0; }

bool isMaster(RedisServer& node) {
    try {
        return node.text({"INFO", "replication"}).find("role:master") != std::string::npos;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace

RedisCluster::RedisCluster() {
    std::string line = "redis-cli --cluster create";
    for (size_t i = 0; i < kNodes; ++i) {
        nodes_.push_back(std::make_unique<RedisServer>(
            std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                                     "--appendonly", "yes", "--appendfsync", "always",
                                     "--repl-diskless-sync-delay", "0"},
            true));
        line += " 127.0.0.1:" + std::to_string(nodes_.back()->port());
    }
    if (!run(line + " --cluster-replicas 1 --cluster-yes")) {
        throw std::runtime_error("redis-cli could not make a cluster");
    }
    const auto deadline = Clock::now() + std::chrono::seconds(30);
    for (const auto& node : nodes_) {
        while (node->text({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos ||
               (!isMaster(*node) &&
                node->text({"INFO", "replication"}).find("master_link_status:up") ==
                    std::string::npos)) {
            if (Clock::now() > deadline) throw std::runtime_error("the cluster is not complete");
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
}

RedisServer* RedisCluster::masterOf(uint16_t slot) {
    for (const auto& node : nodes_) {
        if (node->pid() <= 0 || !isMaster(*node)) continue;
        const TestReply slots = node->command({"CLUSTER", "SLOTS"});
        for (size_t i = 0; i < slots->elements; ++i) {
            redisReply** range = slots->element[i]->element;
            if (range[0]->integer <= slot && slot <= range[1]->integer &&
                range[2]->element[1]->integer == node->port()) {
                return node.get();
            }
        }
    }
    return nullptr;
}

RedisServer* RedisCluster::replicaOf(RedisServer& master) {
    const std::string mark = "master_port:" + std::to_string(master.port()) + "\r";
    for (const auto& node : nodes_) {
        if (node.get() == &master || node->pid() <= 0) continue;
        if (node->text({"INFO", "replication"}).find(mark) != std::string::npos) return node.get();
    }
    return nullptr;
}

void RedisCluster::flush() {
    for (const auto& node : nodes_) {
        if (node->pid() > 0 && isMaster(*node)) node->command({"FLUSHALL"});
    }
}

bool RedisCluster::reshard(RedisServer& from, RedisServer& to, int slots) {
    return run("redis-cli --cluster reshard 127.0.0.1:" + std::to_string(from.port()) +
               " --cluster-from " + idOf(from) + " --cluster-to " + idOf(to) + " --cluster-slots " +
               std::to_string(slots) + " --cluster-yes");
}

}  // namespace sara::store_redis
