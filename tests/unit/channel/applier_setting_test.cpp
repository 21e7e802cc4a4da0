#include "tributary/channel/applier_setting.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::channel {
namespace {

TEST(ApplierSetting, isFoundInBothWords) {
  ASSERT_NE(find_applier_setting("slave_parallel_workers"), nullptr);
  EXPECT_EQ(find_applier_setting("Replica_Parallel_Workers"), find_applier_setting("slave_parallel_workers"));
  EXPECT_NE(find_applier_setting("ROW_WRITER"), nullptr);
  EXPECT_EQ(find_applier_setting("replica_row_writer"), nullptr);
  EXPECT_EQ(find_applier_setting("wait_timeout"), nullptr);
}

TEST(ApplierSetting, checksItsValue) {
  EXPECT_EQ(find_applier_setting("slave_parallel_workers")->checked("5000"), "1024");
  EXPECT_EQ(find_applier_setting("batch_rows")->checked("0"), "1");
  EXPECT_EQ(find_applier_setting("slave_parallel_type")->checked("logical_clock"), "LOGICAL_CLOCK");
  for (const char* word : {"", "LOGICAL", "DATABASE|WRITESET", "5"}) {
    EXPECT_THROW((void)find_applier_setting("slave_parallel_type")->checked(word), Error) << word;
  }
  EXPECT_THROW((void)find_applier_setting("slave_parallel_workers")->checked("-1"), Error);
  EXPECT_EQ(find_applier_setting("slave_exec_mode")->checked("idempotent"), "IDEMPOTENT");
  EXPECT_EQ(find_applier_setting("replica_skip_errors")->checked("1062, 1032"), "1032,1062");
  EXPECT_THROW((void)find_applier_setting("slave_skip_errors")->checked("some"), Error);
}

TEST(ApplierSetting, eachHasADefaultAndReachesTheApplier) {
  SettingValues values = default_settings(5, apply::RowWriterMode::automatic);
  for (const ApplierSetting& setting : applier_settings()) {
    const std::string name(setting.name);
    ASSERT_TRUE(values.contains(name)) << name;
    EXPECT_EQ(setting.checked(values.at(name)), values.at(name)) << name;
  }
  EXPECT_EQ(values.size(), applier_settings().size());
  apply::ApplierOptions options;
  put_settings(values, options);
  EXPECT_EQ(options.workers, 5U);
  EXPECT_EQ(options.batch_bytes, apply::ApplierOptions{}.batch_bytes);
  EXPECT_EQ(options.dependencies, apply::DependencyMode::writeset);
  EXPECT_EQ(options.row_writer, apply::RowWriterMode::automatic);
  EXPECT_FALSE(options.preserve_gtids);
  values["slave_parallel_workers"] = "0";
  values["slave_parallel_type"] = "LOGICAL_CLOCK";
  values["row_writer"] = "SQL";
  values["batch_rows"] = "17";
  values["preserve_gtids"] = "1";
  values["slave_exec_mode"] = "IDEMPOTENT";
  values["slave_skip_errors"] = "1032,1062";
  put_settings(values, options);
  EXPECT_EQ(options.workers, 1U);
  EXPECT_EQ(options.dependencies, apply::DependencyMode::logical_clock);
  EXPECT_EQ(options.row_writer, apply::RowWriterMode::sql);
  EXPECT_EQ(options.batch_rows, 17U);
  EXPECT_TRUE(options.preserve_gtids);
  EXPECT_EQ(options.exec_mode, apply::ExecMode::idempotent);
  EXPECT_EQ(options.skip_errors.text(), "1032,1062");
}

}  // namespace
}  // namespace tributary::channel
