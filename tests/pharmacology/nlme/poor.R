# Run in this folder: Rscript poor.R. Its output stands in tests/pharmacology/test_nlme.py. Data are SIMULATED.
library(nlme)
d <- read.csv("poor.csv", na.strings="."); d <- d[d$EVID==0,]
p <- list(vr=289.0, vs=381.0, lag=0.474, cr=14.92, cs=45.98)
f <- function(TIME, lv, lka) {
  ka <- exp(lka); t <- pmax(TIME-p$lag,0); mg <- 50*193.24/229.7
  one <- function(v, cl) { k <- cl/v; 1000*mg*ka/(v*(ka-k))*(exp(-k*t)-exp(-ka*t)) }
  one(p$vr*exp(lv), p$cr) + one(p$vs*exp(lv), p$cs)
}
m <- nlme(DV ~ f(TIME, lv, lka), data=d, fixed=lv+lka~1, random=lv~1|ID, start=c(lv=0,lka=0.5), method="ML")
print(summary(m)$tTable); print(VarCorr(m)); print(logLik(m), digits=10)
