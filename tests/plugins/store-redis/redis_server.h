// Real redis-server processes for tests: each in a folder of its own, found by path or free port,
// stopped by its pid. Refuses to go on (throws) when one does not come up within ten seconds.
#pragma once
#include <hiredis/hiredis.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sara::store_redis {

struct ReplyGone {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using TestReply = std::unique_ptr<redisReply, ReplyGone>;

// A port of loopback that nobody listens on now, below 22768.
uint16_t freePort();

class RedisServer {
  public:
    // Options as on the command line of redis-server: {"--appendonly", "yes"}. tcp: on a free port
    // of loopback below 22768 (the cluster bus needs 10000 more), otherwise on a unix socket.
    explicit RedisServer(std::vector<std::string> options = {}, bool tcp = false);
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    // For "dbaddr".
    std::string address() const;
    uint16_t port() const { return port_; }
    pid_t pid() const { return pid_; }
    const std::string& folder() const { return folder_; }

    void start();
    // SIGKILL and the end of the process; the data on disk stays.
    void kill();
    void pause();   // SIGSTOP
    void resume();  // SIGCONT
    // Deletes the dump and the append-only files.
    void forget();

    // A command on a connection of its own. Throws when there is no answer.
    TestReply command(const std::vector<std::string>& words);
    std::string text(const std::vector<std::string>& words);
    long long number(const std::vector<std::string>& words);

  private:
    std::string folder_;
    std::vector<std::string> options_;
    bool tcp_;
    uint16_t port_ = 0;
    pid_t pid_ = -1;
};

}  // namespace sara::store_redis
