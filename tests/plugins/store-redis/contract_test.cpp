// The plugin keeps the store contract on a real server.
#include "redis_server.h"
#include "running_store.h"
#include "testkit/store/store_contract.h"

namespace sara::store_redis {
namespace {

using testkit::FakeHost;
using testkit::StoreContract;
using testkit::StoreFactory;
using testkit::StoreUnderTest;

class RedisUnderTest : public StoreUnderTest {
  public:
    explicit RedisUnderTest(uint32_t loops)
        : loops_(loops), server_({"--appendonly", "yes", "--appendfsync", "always"}) {
        restart(FakeHost().clock().wallMs());
    }
    FakeHost& host() override { return store_->host(); }
    const sara_store* api() override { return store_->api(); }
    void* self() override { return store_->plugin().self(); }
    void stop() override { store_->stop(); }
    void restart(uint64_t wall_ms) override {
        store_ = std::make_unique<RunningStore>(server_.address(),
                                                R"(, "backlog_messages_max": 1000)", loops_, false);
        store_->host().clock().setWall(wall_ms);
        store_->start();
    }
    uint64_t backlogMessagesMax() const override { return 1000; }

  private:
    const uint32_t loops_;
    RedisServer server_;
    std::unique_ptr<RunningStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract,
                         ::testing::Values(StoreFactory{"redis", [](uint32_t loops) {
                                                            return std::make_unique<RedisUnderTest>(
                                                                loops);
                                                        }}));

}  // namespace
}  // namespace sara::store_redis
