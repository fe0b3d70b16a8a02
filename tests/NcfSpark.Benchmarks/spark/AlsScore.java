import org.apache.spark.ml.recommendation.ALS;
import org.apache.spark.ml.recommendation.ALSModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

/** Spark's own way to recommend: ALS, one iteration on the positives of prepared rows, then recommendForUserSubset, its recommendForAllUsers for some of the users. Prints one line: pairs, seconds. */
public final class AlsScore {
    public static void main(String[] arguments) {
        String train = arguments[0];
        int rank = Integer.parseInt(arguments[1]), users = Integer.parseInt(arguments[2]), k = Integer.parseInt(arguments[3]);
        double share = Double.parseDouble(arguments[4]);
        SparkSession spark = SparkSession.builder().master("local[" + arguments[5] + "]").appName("als").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8").getOrCreate();
        spark.sparkContext().setLogLevel("ERROR");
        Dataset<Row> rows = spark.read().parquet(train).where("label = 1").sample(share, 1).select(col("user_index"), col("item_index"), lit(1.0f).as("rating"));
        ALSModel model = new ALS().setUserCol("user_index").setItemCol("item_index").setRatingCol("rating").setImplicitPrefs(true).setRank(rank).setMaxIter(1).setSeed(1).fit(rows);
        long items = model.itemFactors().count();
        for (int subset : new int[] {users / 10, users}) { // the first warms up
            Dataset<Row> some = model.userFactors().select(col("id").as("user_index")).limit(subset).cache();
            long count = some.count(), started = System.nanoTime();
            long rowsMade = model.recommendForUserSubset(some, k).selectExpr("sum(size(recommendations))").first().getLong(0);
            double seconds = (System.nanoTime() - started) / 1e9;
            if (rowsMade != count * k) throw new IllegalStateException(rowsMade + " recommendations");
            if (subset == users) System.out.println("pairs " + count * items + " seconds " + seconds);
        }

        spark.stop();
    }
}
