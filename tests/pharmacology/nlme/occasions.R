# Run in this folder: Rscript occasions.R. Its output stands in tests/pharmacology/test_nlme.py. Data are SIMULATED.
library(nlme)
p <- list(vr=289.0, vs=381.0, lag=0.474, cr=14.92, cs=45.98)
f <- function(TIME, lv, lka) {
  ka <- exp(lka); t <- pmax(TIME-p$lag,0); mg <- 50*193.24/229.7
  one <- function(v, cl) { k <- cl/v; 1000*mg*ka/(v*(ka-k))*(exp(-k*t)-exp(-ka*t)) }
  one(p$vr*exp(lv), p$cr) + one(p$vs*exp(lv), p$cs)
}
if (!file.exists("occasions.csv")) {
  set.seed(20); rows <- NULL; times <- c(1, 2, 4, 8, 24)
  for (id in 1:12) { own <- rnorm(1, -0.05, 0.2)
    for (occ in 1:3) { start <- 672*(occ-1); lv <- own + rnorm(1, 0, 0.12)
      dv <- f(times, lv, 0.6) + rnorm(5, 0, 6)
      rows <- rbind(rows, data.frame(ID=id, OCC=occ, TIME=start, EVID=1, AMT=100, FORM="HCl", DV=".", CYP2D6="poor"),
        data.frame(ID=id, OCC=occ, TIME=start+times, EVID=0, AMT=".", FORM=".", DV=sprintf("%.2f", dv), CYP2D6="poor")) } }
  write.csv(rows, "occasions.csv", row.names=FALSE, quote=FALSE)
}
d <- read.csv("occasions.csv", na.strings="."); d <- d[d$EVID==0,]; d$TIME <- d$TIME - 672*(d$OCC-1)
m <- nlme(DV ~ f(TIME, lv, lka), data=d, fixed=lv+lka~1, random=list(ID=lv~1, OCC=lv~1), start=c(lv=0,lka=0.5), method="ML")
print(summary(m)$tTable); print(VarCorr(m)); print(logLik(m), digits=10)
