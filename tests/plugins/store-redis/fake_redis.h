// A server that greets like a Redis and then answers what the test says, on a unix socket, in a
// thread of its own. For answers that no Redis gives.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace sara::store_redis {

class FakeRedis {
  public:
    // answer(n): the bytes sent when the client writes for the n-th time after the greeting (all
    // connections together, from 0). slots: what CLUSTER SLOTS is answered with; empty: an error.
    explicit FakeRedis(std::function<std::string(int)> answer, std::string slots = "");
    ~FakeRedis();
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;

    std::string address() const { return "unix:" + path_; }
    int answered() const { return answered_.load(); }

  private:
    void serve();

    const std::function<std::string(int)> answer_;
    const std::string slots_;
    std::string folder_;
    std::string path_;
    int listener_ = -1;
    std::atomic<bool> stop_{false};
    std::atomic<int> answered_{0};
    std::thread thread_;
};

}  // namespace sara::store_redis
