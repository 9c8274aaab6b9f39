# Writes metafor_data_sets.json: data sets that come with metafor, and what it says of them.
suppressMessages(library(metafor)); suppressMessages(library(jsonlite))
ctl <- list(threshold=1e-13, maxiter=100000, tol=1e-13)
sets <- list()
add <- function(name, measure, d, counts=NULL, mod=NULL, modname=NULL) sets[[length(sets)+1]] <<- list(name=name, measure=measure, d=d, counts=counts, mod=mod, modname=modname)
cnt <- function(d, a,n1,c,n2) { x <- data.frame(a=d[[a]],n1=d[[n1]],c=d[[c]],n2=d[[n2]]); x }
mk <- function(name, measure, x, mod=NULL, modname=NULL, drop00=TRUE) { add(name, measure, escalc(measure=measure, ai=x$a,n1i=x$n1,ci=x$c,n2i=x$n2, drop00=FALSE), x, mod, modname) }
x <- cnt(transform(dat.hart1999), "x1i","n1i","x2i","n2i"); mk("dat.hart1999","OR",x)
d <- dat.li2007; mk("dat.li2007","OR",data.frame(a=d$ai,n1=d$n1i,c=d$ci,n2=d$n2i), d$year, "year")
d <- dat.collins1985a; mk("dat.collins1985a","OR",data.frame(a=d$b.xti,n1=d$nti,c=d$b.xci,n2=d$nci)[!is.na(d$b.xti),])
d <- dat.nielweise2007; mk("dat.nielweise2007","RR",data.frame(a=d$ai,n1=d$n1i,c=d$ci,n2=d$n2i))
d <- dat.egger2001; mk("dat.egger2001","OR",data.frame(a=d$ai,n1=d$n1i,c=d$ci,n2=d$n2i), d$year, "year")
d <- dat.hine1989; mk("dat.hine1989","RD",data.frame(a=d$ai,n1=d$n1i,c=d$ci,n2=d$n2i))
d <- dat.linde2005; d<-d[!is.na(d$ai),]; mk("dat.linde2005","RR",data.frame(a=d$ai,n1=d$n1i,c=d$ci,n2=d$n2i))
d <- dat.raudenbush1985; add("dat.raudenbush1985","SMD",d,NULL,d$weeks,"weeks")
d <- dat.hackshaw1998; add("dat.hackshaw1998","OR",d,NULL,d$year,"year")
d <- dat.bangertdrowns2004; add("dat.bangertdrowns2004","SMD",d,NULL,d$year,"year")
d <- dat.bcg; mk("dat.bcg","RR",data.frame(a=d$tpos,n1=d$tpos+d$tneg,c=d$cpos,n2=d$cpos+d$cneg), d$ablat, "ablat")
d <- dat.curtis1998; d <- escalc(measure="MD", m1i=m1i,sd1i=sd1i,n1i=n1i,m2i=m2i,sd2i=sd2i,n2i=n2i,data=d[1:20,]); add("dat.curtis1998[1:20,]","MD",d)
out <- list()
for (s in sets) { yi <- as.numeric(s$d$yi); vi <- as.numeric(s$d$vi); r <- list(name=s$name, measure=s$measure, yi=yi, vi=vi, fits=list())
  for (m in c("FE","DL","REML","ML","PM","EB","SJ","HE")) {
    f <- tryCatch(suppressWarnings(rma(yi,vi,method=m,control=ctl)), error=function(e) NULL)
    if (is.null(f)) next
    k <- if (m=="FE") f else suppressWarnings(rma(yi,vi,method=m,test="adhoc",control=ctl))
    e <- list(b=as.numeric(f$b),se=f$se,tau2=f$tau2,I2=f$I2,H2=f$H2,QE=f$QE,QEp=f$QEp)
    if (m!="FE") { p <- predict(k); e <- c(e, list(hk_se=k$se,hk_lb=k$ci.lb,hk_ub=k$ci.ub,pi_lb=p$pi.lb,pi_ub=p$pi.ub)) }
    r$fits[[m]] <- e }
  f <- suppressWarnings(rma(yi,vi,method="REML",control=ctl))
  l <- leave1out(rma(yi,vi,method="DL")); r$leave1out_dl <- l$estimate; cu <- cumul(rma(yi,vi,method="DL")); r$cumul_dl <- cu$estimate
  t <- tryCatch(trimfill(rma(yi,vi,method="DL")), error=function(e) NULL); if(!is.null(t)) r$trimfill_dl <- list(k0=t$k0, side=t$side, b=as.numeric(t$b))
  g <- regtest(yi,vi,model="lm"); r$egger <- list(t=as.numeric(g$zval),df=g$dfs,p=as.numeric(g$pval),limit=as.numeric(g$est))
  rk <- suppressWarnings(ranktest(yi,vi)); r$begg <- list(tau=as.numeric(rk$tau), p=as.numeric(rk$pval))
  if (!is.null(s$mod)) { q <- suppressWarnings(rma(yi,vi,mods=~s$mod,method="DL")); r$regression_dl <- list(name=s$modname,x=s$mod,b=as.numeric(q$b),se=q$se,tau2=q$tau2,QM=q$QM,QE=q$QE) }
  if (!is.null(s$counts)) { x <- s$counts; r$counts <- x
   for (mm in c("OR","RR","RD")) { h <- rma.mh(measure=mm,ai=x$a,n1i=x$n1,ci=x$c,n2i=x$n2,drop00=FALSE,add=c(0.5,0),to=c("only0","none")); r[[paste0("mh_",mm)]] <- list(b=as.numeric(h$b),se=h$se) }
   h <- rma.peto(ai=x$a,n1i=x$n1,ci=x$c,n2i=x$n2); r$peto <- list(b=as.numeric(h$b),se=h$se,QE=h$QE) }
  out[[length(out)+1]] <- r }
writeLines(toJSON(list(software=paste("R metafor",packageVersion("metafor")),sets=out),digits=17,auto_unbox=TRUE,na="null"),"metafor_data_sets.json")
