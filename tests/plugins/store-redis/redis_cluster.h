// A Redis Cluster of three masters and three replicas, made by redis-cli and stopped with the test.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "redis_server.h"

namespace sara::store_redis {

class RedisCluster {
  public:
    // Throws when the cluster is not complete within 30 s.
    RedisCluster();

    // The address of one node, for "dbaddr": the others are found out.
    std::string address() const { return nodes_[0]->address(); }
    RedisServer& node(size_t i) { return *nodes_[i]; }
    size_t size() const { return nodes_.size(); }
    // Which node serves this slot as a master now; nullptr: none says so.
    RedisServer* masterOf(uint16_t slot);
    // A replica of that master.
    RedisServer* replicaOf(RedisServer& master);
    std::string idOf(RedisServer& node) { return node.text({"CLUSTER", "MYID"}); }
    // Empties all masters.
    void flush();
    // Moves slots under way of redis-cli, which does it key by key. True: it said yes.
    bool reshard(RedisServer& from, RedisServer& to, int slots);

  private:
    std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace sara::store_redis
