// This node in Redis: it is there (sara_idx, as the Go nodes write it), it is alive (node_alive_*),
// and what a dead predecessor of the same name left behind is deleted, record by record and only if
// unchanged. Decides when Redis has lost its data: the key of the last beat is gone. Runs on loop
// 0.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store-redis/desk.h"

namespace sara::store_redis {

class Registry {
  public:
    // desks: all of the plugin; the first one's router is used.
    Registry(const Surroundings& around, std::vector<std::unique_ptr<Desk>>& desks);

    // [loop 0] About ten times a second.
    void tick();
    // [loop 0] Before the desk closes: the node is gone.
    void leave();

  private:
    class Command;
    using Answer = std::function<void(const redisReply*)>;

    void send(const std::string& key, std::vector<std::string> words, Answer answer);
    void run(Script script, const std::string& key, std::vector<std::string> arguments,
             Answer answer);
    void submit(Command* command);
    void beaten(const redisReply* reply);
    void enrol();
    void sweep(const std::string& cursor);
    void swept(const redisReply* reply);

    const Surroundings& around_;
    std::vector<std::unique_ptr<Desk>>& desks_;
    const std::string value_;  // <nodeid> and 13 digits
    uint64_t beat_ms_ = 0;     // of the last one sent
    uint64_t alive_ms_ = 0;    // of the last one answered; 0: none
    bool asked_ = false;
    bool sweeping_ = false;
    bool clean_ = false;  // what a predecessor left is gone
};

}  // namespace sara::store_redis
