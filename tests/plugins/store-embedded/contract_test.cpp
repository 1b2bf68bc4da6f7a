// The built plugin keeps the store contract.
#include "store_fixture.h"
#include "testkit/store/store_contract.h"

namespace sara::store_embedded {
namespace {

using testkit::FakeHost;
using testkit::StoreContract;
using testkit::StoreFactory;
using testkit::StoreUnderTest;

const sara_plugin_desc* builtPlugin() {
    std::string error;
    const auto* desc = testkit::loadPlugin(
        std::string(SARA_BINARY_DIR) + "/lib/sara/plugins/store-embedded.so", &error);
    if (desc == nullptr) throw std::runtime_error(error);
    return desc;
}

class EmbeddedUnderTest : public StoreUnderTest {
  public:
    explicit EmbeddedUnderTest(uint32_t loops) : loops_(loops) {
        restart(FakeHost().clock().wallMs());
    }
    FakeHost& host() override { return store_->host(); }
    const sara_store* api() override { return api_; }
    void* self() override { return store_->plugin().self(); }
    void stop() override { store_->stop(); }
    void restart(uint64_t wall_ms) override {
        store_ = std::make_unique<RunningStore>(builtPlugin(), folder_.datadir(),
                                                R"("backlog_messages_max": 1000)", loops_);
        store_->host().clock().setWall(wall_ms);
        if (store_->start() != SARA_OK) throw std::runtime_error(store_->host().error());
        api_ = store_->api();
    }
    uint64_t backlogMessagesMax() const override { return 1000; }

  private:
    const uint32_t loops_;
    TempFolder folder_;
    std::unique_ptr<RunningStore> store_;
    const sara_store* api_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Embedded, StoreContract,
                         ::testing::Values(StoreFactory{
                             "embedded", [](uint32_t loops) {
                                 return std::make_unique<EmbeddedUnderTest>(loops);
                             }}));

}  // namespace
}  // namespace sara::store_embedded
